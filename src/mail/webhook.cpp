#include "mail/webhook.hpp"

#include "base/log.hpp"
#include "base/version.hpp"
#include "base/within.hpp"
#include "mail/connection.hpp"
#include "mail/http_reply.hpp"
#include "mail/resolve.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::mail {
namespace {

using log::Level;
using log::Subsystem;

constexpr auto body_patience = std::chrono::seconds(2);  // for what a server says to its refusal

std::string request(const config::HttpUrl& url, std::string_view json) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Switchroom/{}\r\nAccept: */*\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      url.target, url.host_header(), base::version(), json.size(), json);
}

std::string describe(const HttpReplyReader& reply) {
  std::string words = fmt::format("the server answered {}", reply.status());
  if (!reply.reason().empty()) {
    words += " " + reply.reason().substr(0, 100);
  }
  if (reply.status() >= 300 && reply.status() < 400) {
    return words + "; redirections are not followed";
  }
  const auto text = reply.body().substr(0, 200);
  return text.empty() ? words : words + ": " + std::string(text);
}

}  // namespace

/// One message, until its end.
struct Webhook::Job {
  config::HttpUrl url;
  std::string json;
  std::function<void(const Fate&)> done;
  Fate fate;
  bool again = false;                    // the last try failed by something that passes
  bool answered = false;                 // the last try got a status
  std::chrono::seconds server_pause{0};  // Retry-After
};

/// A place among the connections.
struct Webhook::Turn {
  explicit Turn(Webhook& owner) : hook(owner) { ++hook.busy_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    --hook.busy_;
    hook.turn_.notify();
  }
  Webhook& hook;
};

Webhook::Webhook(asio::io_context& context, Settings settings)
    : context_(context),
      settings_(std::move(settings)),
      turn_(context.get_executor()),
      closing_(context.get_executor()),
      last_words_(context),
      tasks_(context.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::mail, {}, "an internal task failed: {}", what);
      }) {}

void Webhook::post(std::string url, std::string json, std::function<void(const Fate&)> done) {
  asio::post(context_,
             [this, url = std::move(url), json = std::move(json), done = std::move(done)]() mutable {
               auto job = std::make_shared<Job>();
               job->json = std::move(json);
               job->done = std::move(done);
               auto parsed = config::parse_http_url(url);
               if (!parsed) {
                 job->fate.words = parsed.error().what;
                 on_end(*job);
                 return;
               }
               job->url = std::move(*parsed);
               accept(job);
             });
}

void Webhook::trust(Trust trust, std::string key) {
  asio::post(context_, [this, trust = std::move(trust), key = std::move(key)]() mutable {
    settings_.trust = std::move(trust);
    settings_.trust_key = std::move(key);
  });
}

void Webhook::accept(const std::shared_ptr<Job>& job) {
  if (closing_.raised()) {
    job->fate.words = "this server stops";
  } else if (job->json.size() > settings_.most_bytes) {
    job->fate.words = fmt::format("{} bytes are too many for a webhook", job->json.size());
  } else if (tasks_.size() >= settings_.most_waiting) {
    job->fate.words = fmt::format("{} others wait already", settings_.most_waiting);
  } else {
    job->fate.words = "this server stops";  // until a try says something else
    tasks_.spawn(deliver(job), [this, job] {
      on_end(*job);
      if (tasks_.empty()) {
        last_words_.cancel();
      }
    });
    return;
  }
  on_end(*job);
}

void Webhook::on_end(const Job& job) {
  const std::string where = job.url.host.empty() ? std::string() : " to " + job.url.origin();
  if (job.fate.delivered) {
    log::line(Level::info, Subsystem::mail, {}, "a webhook{} was delivered: {}", where, job.fate.words);
  } else {
    log::line(Level::error, Subsystem::mail, {}, "a webhook{} is given up after {} tries: {}", where,
              job.fate.tries, job.fate.words);
  }
  if (job.done) {
    job.done(job.fate);
  }
}

awaitable<void> Webhook::deliver(std::shared_ptr<Job> job) {
  for (std::size_t round = 0;; ++round) {
    while (busy_ >= settings_.most_at_once) {
      turn_.reset();
      co_await turn_.wait();
    }
    if (closing_.raised()) {
      co_return;
    }
    {
      const Turn turn(*this);
      co_await attempt(*job);
    }
    // A wait that was cancelled inside of it may have ended as one that was in vain.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none && !job->answered) {
      job->fate.words = "this server stops";
      co_return;
    }
    if (job->fate.delivered || !job->again || round >= settings_.pauses.size()) {
      co_return;
    }
    const auto asked = std::chrono::seconds(
        std::min(job->server_pause, std::chrono::ceil<std::chrono::seconds>(settings_.longest_pause)));
    const auto pause = std::max<base::Duration>(settings_.pauses[round],
                                                std::min<base::Duration>(asked, settings_.longest_pause));
    log::line(Level::warning, Subsystem::mail, {}, "a webhook to {} waits for another {} s: {}",
              job->url.origin(), std::chrono::ceil<std::chrono::seconds>(pause).count(), job->fate.words);
    if (co_await closing_.wait_for(pause)) {
      job->fate.words += "; now this server stops";
      co_return;
    }
  }
}

awaitable<void> Webhook::attempt(Job& job) {
  ++job.fate.tries;
  job.again = true;
  job.answered = false;
  job.server_pause = std::chrono::seconds(0);
  job.fate.words = fmt::format("the server did not answer within {} s",
                               std::chrono::ceil<std::chrono::seconds>(settings_.try_limit).count());
  (void)co_await base::within(settings_.try_limit, exchange(job));
}

awaitable<void> Webhook::exchange(Job& job) {
  const auto addresses = co_await resolve(job.url.host, settings_.try_limit);
  if (!addresses) {
    job.fate.words = addresses.error().what;
    co_return;
  }
  asio::ssl::context context(asio::ssl::context::tls_client);  // before what uses it
  Connection connection(co_await asio::this_coro::executor, settings_.try_limit);
  std::string why = co_await connection.connect(*addresses, job.url.port);
  if (why.empty() && job.url.tls) {
    why = require_trust(context, settings_.trust, settings_.trust_key);
    if (why.empty()) {
      why = co_await connection.encrypt(context, job.url.host);
    }
  }
  if (!why.empty()) {
    job.fate.words = std::move(why);
    co_return;
  }
  // A server may refuse before it has read all: its answer counts, whether writing came to its end or not.
  (void)co_await connection.write(request(job.url, job.json));
  HttpReplyReader reply;
  while (!reply.complete() && !reply.failed() && !job.fate.delivered) {
    if (const auto bytes = co_await connection.read(job.answered ? body_patience : settings_.try_limit)) {
      reply.feed(*bytes);
    } else if (connection.timed_out()) {
      co_return;
    } else {
      reply.end();
    }
    if (reply.has_status()) {
      heed(job, reply);
    }
  }
  if (!job.answered) {
    job.fate.words = "no answer to the request: " + reply.why();
  }
}

/// What follows from an answer, of which the body may still be missing.
void Webhook::heed(Job& job, const HttpReplyReader& reply) {
  const auto verdict = verdict_of(reply.status());
  job.answered = true;
  job.fate.delivered = verdict == HttpVerdict::delivered;
  job.again = verdict == HttpVerdict::later;
  job.server_pause = parse_retry_after(reply.retry_after(), std::chrono::system_clock::now())
                         .value_or(std::chrono::seconds(0));
  job.fate.words = describe(reply);
}

void Webhook::close() {
  closing_.notify();
  if (!tasks_.empty()) {
    last_words_.expires_after(settings_.last_words);
    last_words_.async_wait([this](const error_code& stopped) {
      if (!stopped) {
        tasks_.cancel();
      }
    });
  }
}

}  // namespace switchroom::mail
