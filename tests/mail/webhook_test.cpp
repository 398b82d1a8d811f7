// Webhooks, with real servers on the loopback.
#include "mail/webhook.hpp"

#include "base/openssl.hpp"
#include "base/thread.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using asio::ip::tcp;
using mail::Webhook;

namespace {

const std::string silence = "(no answer at all)";
const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct Identity {
  std::string certificate;  // PEM
  std::string key;
};

std::string pem(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// A certificate that is its own authority. `names` as OpenSSL writes them: "DNS:a.example,IP:127.0.0.1".
Identity make_identity(const std::string& names) {
  using namespace base::openssl;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate.get(), certificate.get(), nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, names.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  const Bio first(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(first.get(), certificate.get());
  const Bio second(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {pem(first.get()), pem(second.get())};
}

/// Answers one connection after the other by what it was given, and remembers the requests.
class Server {
 public:
  explicit Server(std::vector<std::string> answers, std::optional<Identity> identity = {})
      : answers_(std::move(answers)) {
    if (identity) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->use_certificate(asio::buffer(identity->certificate), asio::ssl::context::pem);
      tls_->use_private_key(asio::buffer(identity->key), asio::ssl::context::pem);
    }
    thread_ = base::start_thread("server", [this] { work(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    stop_ = true;
    error_code ignored;
    tcp::socket bell(context_);
    bell.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") {
    return fmt::format("{}://{}:{}/hook?token=secret", tls_ ? "https" : "http", host,
                       acceptor_.local_endpoint().port());
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  template <class Stream>
  void converse(Stream& stream, const std::string& answer) {
    error_code failed;
    std::string text;
    const std::size_t header = asio::read_until(stream, asio::dynamic_buffer(text), "\r\n\r\n", failed);
    if (failed) {
      return;
    }
    const auto at = text.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    if (text.size() < header + length) {
      asio::read(stream, asio::dynamic_buffer(text), asio::transfer_exactly(header + length - text.size()),
                 failed);
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(text);
    }
    if (answer == silence) {
      char one = 0;
      (void)stream.read_some(asio::buffer(&one, 1), failed);  // until the client goes
      return;
    }
    asio::write(stream, asio::buffer(answer), failed);
  }
  void work() {
    for (std::size_t round = 0;; ++round) {
      tcp::socket socket(context_);
      error_code failed;
      acceptor_.accept(socket, failed);
      if (stop_ || failed) {
        return;
      }
      const std::string answer = round < answers_.size() ? answers_[round] : answers_.back();
      if (tls_) {
        asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
        stream.handshake(asio::ssl::stream_base::server, failed);
        if (!failed) {
          converse(stream, answer);
        }
      } else {
        converse(socket, answer);
      }
    }
  }

  std::vector<std::string> answers_;
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::optional<asio::ssl::context> tls_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

Webhook::Settings quick() {
  Webhook::Settings settings;
  settings.try_limit = 2s;
  settings.pauses = {20ms, 20ms};
  settings.longest_pause = 50ms;
  settings.last_words = 300ms;
  return settings;
}

/// A webhook on a thread of its own, as with the mailer.
struct Room {
  explicit Room(Webhook::Settings settings = quick()) : hook(context, std::move(settings)) {
    thread = base::start_thread("hook", [this] { context.run(); });
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    if (thread.joinable()) close();
  }
  void close() {
    asio::post(context, [this] {
      hook.close();
      guard.reset();
    });
    thread.join();
  }
  void post(const std::string& url, std::string json = R"({"a":1})") {
    hook.post(url, std::move(json), [this](const Webhook::Fate& fate) {
      const std::lock_guard lock(mutex);
      fates.push_back(fate);
    });
  }
  std::vector<Webhook::Fate> wait(std::size_t count) {
    for (const auto end = base::Clock::now() + 10s; base::Clock::now() < end;
         std::this_thread::sleep_for(5ms)) {
      const std::lock_guard lock(mutex);
      if (fates.size() >= count) break;
    }
    const std::lock_guard lock(mutex);
    REQUIRE(fates.size() >= count);
    return fates;
  }
  Webhook::Fate send(const std::string& url, std::string json = R"({"a":1})") {
    post(url, std::move(json));
    return wait(1).front();
  }

  std::mutex mutex;
  std::vector<Webhook::Fate> fates;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  Webhook hook;
  std::thread thread;
};

/// A file with certificates, until its end.
struct CaFile {
  explicit CaFile(const std::string& text)
      : path(std::filesystem::temp_directory_path() / fmt::format("webhook-test-{}.pem", ::getpid())) {
    std::ofstream(path) << text;
  }
  CaFile(const CaFile&) = delete;
  CaFile& operator=(const CaFile&) = delete;
  ~CaFile() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("a webhook is posted as JSON") {
  Server server({ok});
  Room room;
  const auto fate = room.send(server.url(), R"({"alert":"toll"})");
  CHECK(fate.delivered);
  CHECK(fate.tries == 1);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  const auto& request = requests.front();
  CHECK(request.starts_with("POST /hook?token=secret HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(request.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(request.find("\r\nContent-Length: 16\r\n") != std::string::npos);
  CHECK(request.ends_with("\r\n\r\n{\"alert\":\"toll\"}"));
}

TEST_CASE("what passes is tried again, what does not is given up at once") {
  SECTION("500 and a closed connection, then success") {
    Server server({"HTTP/1.1 500 Oops\r\n\r\n", "", ok});
    Room room;
    const auto fate = room.send(server.url());
    CHECK(fate.delivered);
    CHECK(fate.tries == 3);
  }
  SECTION("for as many tries as there are") {
    Server server({"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\n\r\nin an hour"});
    Room room;
    const auto fate = room.send(server.url());
    CHECK_FALSE(fate.delivered);
    CHECK(fate.tries == 3);
    CHECK(fate.words == "the server answered 503 Busy: in an hour");
  }
  SECTION("nobody listens") {
    std::string url;
    {
      url = Server({ok}).url();
    }
    Room room;
    const auto fate = room.send(url);
    CHECK(fate.tries == 3);
    CHECK(fate.words.find("cannot connect to 127.0.0.1") != std::string::npos);
  }
  SECTION("refused") {
    Server server({"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nbad token"});
    Room room;
    const auto fate = room.send(server.url());
    CHECK_FALSE(fate.delivered);
    CHECK(fate.tries == 1);
    CHECK(fate.words == "the server answered 403 Forbidden: bad token");
  }
  SECTION("a redirection") {
    Server elsewhere({ok});
    Server server({"HTTP/1.1 307 There\r\nLocation: " + elsewhere.url() + "\r\nContent-Length: 0\r\n\r\n"});
    Room room;
    const auto fate = room.send(server.url());
    CHECK_FALSE(fate.delivered);
    CHECK(fate.tries == 1);
    CHECK(fate.words.find("not followed") != std::string::npos);
    CHECK(elsewhere.requests().empty());
  }
  SECTION("no HTTP") {
    Server server({"220 mail.example ESMTP\r\n"});
    Room room;
    CHECK(room.send(server.url()).words.find("no answer to the request: ") == 0);
  }
  SECTION("no URL") {
    Room room;
    const auto fate = room.send("https://user:secret@example.com/");
    CHECK(fate.tries == 0);
    CHECK(fate.words.find("user name") != std::string::npos);
    CHECK(fate.words.find("secret") == std::string::npos);
  }
}

TEST_CASE("Retry-After lengthens a pause") {
  Server server({"HTTP/1.1 429 Slowly\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", ok});
  auto settings = quick();
  settings.longest_pause = 10s;
  Room room(settings);
  const auto before = base::Clock::now();
  CHECK(room.send(server.url()).delivered);
  CHECK(base::Clock::now() - before >= 950ms);
}

TEST_CASE("a silent server costs a try its time and no more") {
  Server server({silence});
  auto settings = quick();
  settings.try_limit = 100ms;
  settings.pauses = {10ms};
  Room room(settings);
  const auto fate = room.send(server.url());
  CHECK_FALSE(fate.delivered);
  CHECK(fate.tries == 2);
  CHECK(fate.words.find("did not answer") != std::string::npos);
}

TEST_CASE("a body without end delays nothing for long") {
  Server server(
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999999\r\n\r\n" + std::string(1U << 20U, 'x')});
  Room room;
  const auto fate = room.send(server.url());
  CHECK(fate.tries == 1);
  CHECK(fate.words.size() < 300);
}

TEST_CASE("the queue has an end, and so has a text") {
  Server server({silence});
  auto settings = quick();
  settings.most_waiting = 3;
  settings.most_bytes = 100;
  settings.pauses = {};
  settings.try_limit = 500ms;
  Room room(settings);
  room.post(server.url(), std::string(101, 'x'));
  for (int i = 0; i < 5; ++i) room.post(server.url());
  const auto fates = room.wait(6);
  CHECK(fates[0].words.find("101 bytes") == 0);
  CHECK(fates[1].words == "3 others wait already");
  CHECK(fates[2].words == "3 others wait already");
  for (std::size_t i = 3; i < 6; ++i) CHECK(fates[i].tries == 1);
}

TEST_CASE("closing waits for nobody for long") {
  Server slow({silence});
  Server broken({"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"});
  auto settings = quick();
  settings.pauses = {1h};
  settings.try_limit = 1h;
  Room room(settings);
  room.post(slow.url());
  room.post(broken.url());
  while (slow.requests().empty() || broken.requests().empty()) std::this_thread::sleep_for(5ms);
  std::this_thread::sleep_for(50ms);
  const auto before = base::Clock::now();
  room.close();
  CHECK(base::Clock::now() - before < 2s);
  const auto fates = room.wait(2);
  CHECK(fates[0].words.find("500 Oops") != std::string::npos);
  CHECK(fates[0].words.find("this server stops") != std::string::npos);
  CHECK(fates[1].words == "this server stops");
}

TEST_CASE("HTTPS takes a certificate that is trusted and for this name, and no other") {
  const auto identity = make_identity("DNS:localhost,IP:127.0.0.1");
  const CaFile trusted(identity.certificate);
  auto settings = quick();
  settings.pauses = {};
  settings.trust.ca_file = trusted.path;
  settings.trust_key = "[x] ca_file";
  SECTION("for this address") {
    Server server({ok}, identity);
    Room room(settings);
    const auto fate = room.send(server.url());
    CHECK(fate.words == "the server answered 200 OK");
    CHECK(fate.delivered);
  }
  SECTION("for this name") {
    Server server({ok}, identity);
    Room room(settings);
    CHECK(room.send(server.url("localhost")).delivered);
  }
  SECTION("built in, later, by another thread") {
    Server server({ok}, identity);
    Room room(quick());
    room.hook.trust({trusted.path, {}}, "[x] ca_file");
    CHECK(room.send(server.url()).delivered);
  }
  SECTION("for another name") {
    const auto other = make_identity("DNS:other.example");
    const CaFile other_trusted(other.certificate);
    settings.trust.ca_file = other_trusted.path;
    Server server({ok}, other);
    Room room(settings);
    const auto fate = room.send(server.url());
    CHECK_FALSE(fate.delivered);
    CHECK(fate.words.find("not to be trusted") != std::string::npos);
    CHECK(server.requests().empty());
  }
  SECTION("by nobody that is known") {
    Server server({ok}, make_identity("IP:127.0.0.1"));
    Room room(settings);
    const auto fate = room.send(server.url());
    CHECK_FALSE(fate.delivered);
    CHECK(fate.words.find("not to be trusted") != std::string::npos);
    CHECK(server.requests().empty());
  }
  SECTION("no certificates in the file") {
    const CaFile empty("nothing");
    settings.trust.ca_file = empty.path;
    Server server({ok}, identity);
    Room room(settings);
    CHECK(room.send(server.url()).words.find("[x] ca_file") != std::string::npos);
  }
  SECTION("no TLS at all") {
    Server server({"HTTP/1.1 200 OK\r\n\r\n"});
    Room room(settings);
    std::string url = server.url();
    const auto fate = room.send("https" + url.substr(4));
    CHECK_FALSE(fate.delivered);
  }
}
