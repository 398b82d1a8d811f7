#include "mail/smtp_client.hpp"

#include "mail/connection.hpp"
#include "mail/mime.hpp"
#include "mail/resolve.hpp"
#include "mail/trust.hpp"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>

namespace switchroom::mail {
namespace {

namespace ssl = asio::ssl;

constexpr auto goodbye_limit = std::chrono::seconds(5);

Outcome later(std::string words, bool server = true) {
  return {Outcome::Verdict::later, std::move(words), server};
}

class Client {
 public:
  Client(SmtpJob job, const asio::any_io_executor& executor)
      : job_(std::move(job)),
        context_(ssl::context::tls_client),
        connection_(executor, job_.settings.step_timeout),
        dialogue_(job_.settings, job_.helo, job_.envelope) {}

  awaitable<Outcome> run() {
    const auto& settings = job_.settings;
    const auto addresses = co_await resolve(settings.server, settings.step_timeout);
    if (!addresses) {
      co_return later(addresses.error().what);
    }
    if (settings.tls != "none") {
      const Trust trust{settings.ca_file, job_.built_in_cas};
      if (std::string why = require_trust(context_, trust, "[mail] ca_file"); !why.empty()) {
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
  ssl::context context_;  // before what uses it
  Connection connection_;
  SmtpDialogue dialogue_;
  SmtpReplyReader replies_;
};

}  // namespace

awaitable<Outcome> send_by_smtp(SmtpJob job) {
  const auto executor = co_await asio::this_coro::executor;
  // On the heap: a client with its TLS context is large for a coroutine's frame.
  const auto client = std::make_unique<Client>(std::move(job), executor);
  co_return co_await client->run();
}

}  // namespace switchroom::mail
