// The one file of this room that sees TLS.
#include "mail/smtp_client.hpp"

#include "base/within.hpp"
#include "mail/mime.hpp"
#include "mail/resolve.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

namespace switchroom::mail {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

constexpr std::size_t chunk = 64U << 10U;
constexpr auto goodbye_limit = std::chrono::seconds(5);

constexpr std::array<const char*, 5> system_bundles{
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};

Outcome later(std::string words, bool server = true) {
  return {Outcome::Verdict::later, std::move(words), server};
}

/// Why trust cannot be set up, or empty.
std::string load_trust(ssl::context& context, const config::Mail& settings, std::string_view built_in) {
  error_code failed;
  if (!settings.ca_file.empty()) {
    context.load_verify_file(settings.ca_file.string(), failed);
    return failed ? fmt::format("{} holds no certificates ([mail] ca_file): {}", settings.ca_file.string(),
                                failed.message())
                  : std::string();
  }
  for (const char* bundle : system_bundles) {
    if (std::ifstream(bundle).good()) {
      context.load_verify_file(bundle, failed);
      if (!failed) {
        return {};
      }
    }
  }
  context.add_certificate_authority(asio::buffer(built_in.data(), built_in.size()), failed);
  return failed ? "there are no certificates to trust: set [mail] ca_file" : std::string();
}

/// Whether it came to its end before `limit`. What was cancelled for that completes, too, but as an error.
awaitable<bool> in_time(base::Duration limit, awaitable<void> operation, const error_code& failed) {
  const bool ended = co_await base::within(limit, std::move(operation));
  co_return ended&& failed != asio::error::operation_aborted;
}

/// The socket, encrypted or not yet.
class Connection {
 public:
  Connection(const asio::any_io_executor& executor, base::Duration limit)
      : socket_(executor), limit_(limit) {}

  awaitable<std::string> connect(const std::vector<base::IpAddress>& addresses, std::uint16_t port) {
    std::string why = "no address";
    for (const auto& address : addresses) {
      error_code failed;
      error_code ignored;
      (void)socket_.close(ignored);
      const bool answered = co_await in_time(limit_, open(tcp::endpoint(address, port), failed), failed);
      if (answered && !failed) {
        co_return std::string();
      }
      why =
          fmt::format("{} port {}: {}", address.to_string(), port, answered ? failed.message() : "no answer");
    }
    co_return "cannot connect to " + why;
  }

  /// Why it failed, or empty.
  awaitable<std::string> encrypt(ssl::context& context, const std::string& name) {
    encrypted_ = std::make_unique<ssl::stream<tcp::socket&>>(socket_, context);
    // OpenSSL's own check of the name, since it says what is wrong.
    SSL* const handle = encrypted_->native_handle();
    error_code not_numeric;
    (void)asio::ip::make_address(name, not_numeric);
    if (not_numeric) {
      (void)SSL_set_tlsext_host_name(handle, name.c_str());
      (void)SSL_set1_host(handle, name.c_str());
    } else {
      (void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str());
    }
    error_code failed;
    if (!co_await in_time(limit_, handshake(failed), failed)) {
      co_return "the server did not answer the TLS handshake";
    }
    if (!failed) {
      co_return std::string();
    }
    const long verdict = SSL_get_verify_result(encrypted_->native_handle());
    if (verdict != X509_V_OK) {
      co_return fmt::format("the server's certificate is not to be trusted: {} (expected name: {})",
                            X509_verify_cert_error_string(verdict), name);
    }
    if (failed.message().find("certificate verify failed") != std::string::npos) {
      co_return fmt::format("the server's certificate is not for {} ([mail] server_name)", name);
    }
    co_return "no TLS with this server: " + failed.message();
  }

  /// Nothing: no answer in time, or the end.
  awaitable<std::optional<std::string>> read(base::Duration limit) {
    std::array<char, 4096> piece;
    std::size_t size = 0;
    error_code failed;
    timed_out_ = !co_await in_time(limit, read_some(asio::buffer(piece), size, failed), failed);
    if (timed_out_ || failed || size == 0) {
      co_return std::nullopt;
    }
    co_return std::string(piece.data(), size);
  }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

  awaitable<bool> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, chunk);
      error_code failed;
      if (!co_await in_time(limit_, write_all(piece, failed), failed) || failed) {
        co_return false;
      }
      bytes.remove_prefix(piece.size());
    }
    co_return true;
  }

 private:
  awaitable<void> open(tcp::endpoint to, error_code& failed) {
    co_await socket_.async_connect(to, asio::redirect_error(asio::use_awaitable, failed));
  }
  awaitable<void> handshake(error_code& failed) {
    co_await encrypted_->async_handshake(ssl::stream_base::client,
                                         asio::redirect_error(asio::use_awaitable, failed));
  }
  awaitable<void> read_some(asio::mutable_buffer into, std::size_t& size, error_code& failed) {
    if (encrypted_) {
      size = co_await encrypted_->async_read_some(into, asio::redirect_error(asio::use_awaitable, failed));
    } else {
      size = co_await socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, failed));
    }
  }
  awaitable<void> write_all(std::string_view bytes, error_code& failed) {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (encrypted_) {
      (void)co_await asio::async_write(*encrypted_, buffer,
                                       asio::redirect_error(asio::use_awaitable, failed));
    } else {
      (void)co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, failed));
    }
  }

  tcp::socket socket_;
  base::Duration limit_;
  std::unique_ptr<ssl::stream<tcp::socket&>> encrypted_;
  bool timed_out_ = false;
};

class Client {
 public:
  Client(SmtpJob job, const asio::any_io_executor& executor)
      : job_(std::move(job)),
        connection_(executor, job_.settings.step_timeout),
        dialogue_(job_.settings, job_.helo, job_.envelope),
        context_(ssl::context::tls_client) {}

  awaitable<Outcome> run() {
    const auto& settings = job_.settings;
    const auto addresses = co_await resolve(settings.server, settings.step_timeout);
    if (!addresses) {
      co_return later(addresses.error().what);
    }
    if (settings.tls != "none") {
      context_.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
      context_.set_verify_mode(ssl::verify_peer);
      if (std::string why = load_trust(context_, settings, job_.built_in_cas); !why.empty()) {
        co_return later(std::move(why));
      }
    }
    if (std::string why = co_await connection_.connect(*addresses, settings.port); !why.empty()) {
      co_return later(std::move(why));
    }
    tell(fmt::format("connected to {} port {}", settings.server, settings.port));
    if (settings.tls == "tls") {
      if (std::string why = co_await encrypt(); !why.empty()) {
        co_return later(std::move(why));
      }
    }
    co_return co_await converse();
  }

 private:
  void tell(const std::string& line) const {
    if (job_.transcript) {
      job_.transcript(line);
    }
  }
  awaitable<std::string> encrypt() {
    const auto& settings = job_.settings;
    std::string why = co_await connection_.encrypt(
        context_, settings.server_name.empty() ? settings.server : settings.server_name);
    if (why.empty()) {
      tell("encrypted, and the certificate is good");
    }
    co_return why;
  }

  awaitable<std::optional<SmtpReply>> reply(base::Duration limit) {
    for (;;) {
      if (auto whole = replies_.next()) {
        tell("< " + whole->text());
        co_return whole;
      }
      if (replies_.failed()) {
        co_return std::nullopt;
      }
      auto bytes = co_await connection_.read(limit);
      if (!bytes) {
        co_return std::nullopt;
      }
      replies_.feed(*bytes);
    }
  }

  [[nodiscard]] Outcome broken_off() const {
    if (dialogue_.delivered() || !dialogue_.outcome().words.empty()) {
      return dialogue_.outcome();  // only the goodbye is missing
    }
    if (replies_.failed()) {
      return later("what answers there is no mail server");
    }
    return later(
        connection_.timed_out()
            ? fmt::format("the server is silent: {} did not come within {} s", dialogue_.waiting_for(),
                          job_.settings.step_timeout.count())
            : fmt::format("the server closed the connection instead of {}", dialogue_.waiting_for()));
  }

  awaitable<Outcome> converse() {
    for (;;) {
      const bool leaving = !dialogue_.outcome().words.empty();
      const auto got = co_await reply(leaving ? base::Duration(goodbye_limit)
                                              : base::Duration(job_.settings.step_timeout));
      if (!got) {
        co_return broken_off();
      }
      SmtpStep step = dialogue_.on_reply(*got);
      if (step.kind == SmtpStep::Kind::start_tls) {
        if (replies_.has_more()) {
          co_return later("the server said something before the encryption: somebody is in between");
        }
        if (std::string why = co_await encrypt(); !why.empty()) {
          co_return later(std::move(why));
        }
        step = dialogue_.on_encrypted();
      }
      if (step.kind == SmtpStep::Kind::finished) {
        co_return dialogue_.outcome();
      }
      bool sent = false;
      if (step.kind == SmtpStep::Kind::send_body) {
        tell(fmt::format("> (the mail, {} bytes)", job_.message.size()));
        sent = co_await connection_.write(with_dots(job_.message));
      } else {
        tell("> " + (step.secret ? "(user name and password)" : step.line));
        sent = co_await connection_.write(step.line + "\r\n");
      }
      if (!sent) {
        co_return broken_off();
      }
    }
  }

  SmtpJob job_;
  Connection connection_;
  SmtpDialogue dialogue_;
  SmtpReplyReader replies_;
  ssl::context context_;
};

}  // namespace

awaitable<Outcome> send_by_smtp(SmtpJob job) {
  const auto executor = co_await asio::this_coro::executor;
  // On the heap: a client with its TLS context is large for a coroutine's frame.
  const auto client = std::make_unique<Client>(std::move(job), executor);
  co_return co_await client->run();
}

}  // namespace switchroom::mail
