// TLS between two ends of a socket pair: certificates, names, and what is waited for.
#include "sip/transport/tls_certificate.hpp"
#include "sip/transport/tls_context.hpp"
#include "sip/transport/tls_stream.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <unistd.h>

using namespace switchroom;
using namespace switchroom::sip;
using Next = TlsStream::Step::Next;

namespace {

MadeCertificate made(const std::string& host) {
  auto certificate = make_certificate(host, 30);
  REQUIRE(certificate.has_value());
  return *certificate;
}

std::shared_ptr<TlsContext> context(const MadeCertificate& own, const std::string& believed,
                                    TlsSettings::Clients clients = TlsSettings::Clients::not_asked) {
  const auto made = TlsContext::make(
      {.certificate = own.certificate, .key = own.key, .authorities = believed, .clients = clients});
  REQUIRE(made.has_value());
  return *made;
}

struct Pair {
  Pair(const TlsContext& server, const TlsContext& client, const TlsPeer& peer) {
    std::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    near = TlsStream::accept(server, ends[0]);
    far = TlsStream::connect(client, ends[1], peer);
    REQUIRE((near && far));
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  /// Whether both say that it is done.
  bool shake_hands() {
    Next here = Next::wait_to_read;
    Next there = Next::wait_to_read;
    const auto waits = [](Next next) { return next == Next::wait_to_read || next == Next::wait_to_write; };
    for (int i = 0; i < 20 && (waits(here) || waits(there)); ++i) {
      if (waits(there)) there = far->handshake().next;
      if (waits(here)) here = near->handshake().next;
      if (here == Next::failed || there == Next::failed) return false;
    }
    return here == Next::go_on && there == Next::go_on;
  }
  std::array<int, 2> ends{};
  std::unique_ptr<TlsStream> near;
  std::unique_ptr<TlsStream> far;
};

}  // namespace

TEST_CASE("a certificate of our own says what it is") {
  for (const char* const name : {"pbx.example.com", "192.0.2.1", "2001:db8::1"}) {
    const std::string host = name;
    const auto facts = certificate_facts(made(host).certificate);
    REQUIRE(facts.has_value());
    CHECK(facts->names == std::vector{host});
    CHECK(facts->self_signed);
    CHECK(facts->not_after - facts->not_before == 31 * 24 * 3600);
    CHECK(facts->fingerprint.size() == 95);
  }
  CHECK_FALSE(certificate_facts("nonsense").has_value());
}

TEST_CASE("certificates and keys that cannot be used are named") {
  const auto one = made("a.example");
  const auto other = made("b.example");
  const auto error = [](const TlsSettings& settings) { return TlsContext::make(settings).error().what; };
  CHECK(error({.certificate = "x", .key = one.key}).starts_with("the certificate cannot be used"));
  CHECK(error({.certificate = one.certificate, .key = "x"}).starts_with("the key cannot be read"));
  CHECK(error({.certificate = one.certificate, .key = other.key}).starts_with("the key does not belong"));
  CHECK(error({.authorities = "x"}) == "there is no certificate in ca_file");
  CHECK(TlsContext::make({}).has_value());
  CHECK((*TlsContext::make({}))->server() == nullptr);
}

TEST_CASE("bytes go both ways, and goodbye is an end") {
  const auto own = made("pbx.example.com");
  Pair pair(*context(own, {}), *context(own, own.certificate), {"pbx.example.com", true});
  REQUIRE(pair.shake_hands());
  CHECK(pair.near->protocol().starts_with("TLSv1.3 "));
  const std::string words = "OPTIONS sip:a SIP/2.0\r\n\r\n";
  CHECK(pair.far->write(words).size == words.size());
  std::array<char, 1000> buffer{};
  const auto read = pair.near->read(buffer);
  CHECK(std::string(buffer.data(), read.size) == words);
  CHECK(pair.near->read(buffer).next == Next::wait_to_read);
  pair.far->say_goodbye();
  CHECK(pair.near->read(buffer).next == Next::ended);
}

TEST_CASE("a writer waits for a reader, and goes on where it was") {
  const auto own = made("pbx.example.com");
  Pair pair(*context(own, {}), *context(own, own.certificate), {"pbx.example.com", true});
  REQUIRE(pair.shake_hands());
  std::string much(4U << 20U, 'x');
  for (std::size_t i = 0; i < much.size(); i += 97) much[i] = static_cast<char>('a' + i % 26);
  std::string got;
  std::size_t sent = 0;
  bool waited = false;
  std::array<char, 32768> buffer{};
  while (got.size() < much.size()) {
    while (sent < much.size()) {
      const std::string rest = much.substr(sent);  // another place in memory each time
      const auto step = pair.far->write(rest);
      if (step.next != Next::go_on) {
        REQUIRE(step.next == Next::wait_to_write);
        waited = true;
        break;
      }
      sent += step.size;
    }
    const auto step = pair.near->read(buffer);
    if (step.next == Next::go_on) got.append(buffer.data(), step.size);
  }
  CHECK(waited);
  CHECK(got == much);
}

TEST_CASE("whom we connect to must show a good certificate of the right name") {
  const auto own = made("192.0.2.1");
  const auto stranger = made("192.0.2.1");
  const auto server = context(own, {});
  const auto client = context(stranger, own.certificate);
  CHECK(Pair(*server, *client, {"192.0.2.1", true}).shake_hands());
  Pair other_name(*server, *client, {"192.0.2.2", true});
  CHECK_FALSE(other_name.shake_hands());
  CHECK(other_name.far->why().find("IP address mismatch") != std::string::npos);
  Pair host_name(*server, *client, {"pbx.example.com", true});
  CHECK_FALSE(host_name.shake_hands());
  CHECK(host_name.far->why().find("ostname mismatch") != std::string::npos);
  Pair unknown(*context(stranger, {}), *client, {"192.0.2.1", true});
  CHECK_FALSE(unknown.shake_hands());
  CHECK(unknown.far->why().starts_with("its certificate is not accepted"));
  CHECK(Pair(*context(stranger, {}), *client, {"192.0.2.2", false}).shake_hands());
}

TEST_CASE("who connects to us may have to show one") {
  using Clients = TlsSettings::Clients;
  const auto own = made("192.0.2.1");
  const auto phone = made("phone");
  const auto believing = context(phone, own.certificate);
  const auto server = context(own, phone.certificate, Clients::required);
  Pair good(*server, *believing, {"192.0.2.1", true});
  CHECK(good.shake_hands());
  const auto none = TlsContext::make({.authorities = own.certificate});
  Pair without(*server, **none, {"192.0.2.1", true});
  CHECK_FALSE(without.shake_hands());
  const auto other = made("other");
  Pair wrong(*server, *context(other, own.certificate), {"192.0.2.1", true});
  CHECK_FALSE(wrong.shake_hands());
  const auto asking = context(own, phone.certificate, Clients::optional);
  Pair optional(*asking, **none, {"192.0.2.1", true});
  CHECK(optional.shake_hands());
}

TEST_CASE("what is no TLS fails at once") {
  const auto own = made("192.0.2.1");
  Pair pair(*context(own, {}), *context(own, own.certificate), {"192.0.2.1", true});
  const std::string_view words = "OPTIONS sip:a SIP/2.0\r\n\r\n";
  REQUIRE(::write(pair.ends[1], words.data(), words.size()) == static_cast<ssize_t>(words.size()));
  CHECK(pair.near->handshake().next == Next::failed);
  CHECK_FALSE(pair.near->why().empty());
}
