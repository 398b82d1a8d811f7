#include "mail/postman.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/thread.hpp"
#include "config/voicemail_checks.hpp"
#include "mail/smtp_client.hpp"
#include "mail/writing.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::mail {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr base::WallMicros second_us = 1'000'000;
constexpr auto last_words_limit = 5s;  // a mail that is on its way when the process ends

std::string greeting_name(const config::Snapshot& config) {
  std::string name = config.mail.helo.empty() ? config.pbx.domain : config.mail.helo;
  error_code not_numeric;
  const auto address = asio::ip::make_address(name, not_numeric);
  if (!not_numeric) {
    return address.is_v6() ? "[IPv6:" + name + "]" : "[" + name + "]";  // RFC 5321 4.1.3
  }
  return name;
}

std::string shell_safe_id(std::string id) {
  std::erase_if(id, [](char c) { return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'); });
  return id.empty() ? base::random_token(16) : id;
}

}  // namespace

Postman::Postman(Mailer::Settings settings, asio::io_context& call_context, Queue queue)
    : settings_(std::move(settings)),
      call_context_(call_context),
      queue_(std::move(queue)),
      tasks_(context_.get_executor(),
             [](const std::string& what) {
               log::line(Level::error, Subsystem::mail, {}, "an internal task failed: {}", what);
             }),
      webhook_(context_, Webhook::Settings{.trust = {{}, settings_.built_in_cas}}) {
  publish();
  thread_ = base::start_thread("mail", [this] { work(); });
}

Postman::~Postman() {
  asio::post(context_, [this] {
    closing_ = true;
    guard_.reset();
    webhook_.close();
    wake_.notify();
    if (!sending_) {
      tasks_.cancel();
      return;
    }
    last_words_.expires_after(last_words_limit);
    last_words_.async_wait([this](error_code) { tasks_.cancel(); });
  });
  thread_.join();
  *alive_ = false;
}

void Postman::work() {
  tasks_.spawn(send_on());
  context_.run();
}

void Postman::report(std::function<void()> what) {
  asio::post(call_context_, [what = std::move(what), alive = alive_] {
    if (*alive) {
      what();
    }
  });
}

void Postman::configure(config::SnapshotPtr config) {
  post([this, config = std::move(config)] {
    config_ = config;
    server_pause_until_ = 0;
    wake_.notify();
  });
}

void Postman::accept(const Letter& letter, const std::function<void(bool safe)>& queued) {
  Waiting mail;
  mail.id = shell_safe_id(letter.id);
  mail.to = letter.to;
  mail.subject = letter.subject;
  mail.tag = letter.tag;
  mail.created = base::wall_now();
  const auto kept =
      queue_.put(mail, write_letter(letter, mail.id, mail.created, *config_, settings_.encode_mp3));
  if (!kept) {
    log::line(Level::error, Subsystem::mail, {}, "a mail to {} could not be queued: {}", letter.to,
              kept.error().what);
  }
  publish();
  wake_.notify();
  report([queued, safe = kept.has_value()] {
    if (queued) {
      queued(safe);
    }
  });
}

/// One after the other, for as long as the process lives.
awaitable<void> Postman::send_on() {
  while (!closing_) {
    wake_.reset();
    const Waiting* due = next_due();
    if (due == nullptr) {
      (void)co_await wake_.wait_for(pause());
      continue;
    }
    Waiting mail = *due;
    auto message = queue_.message(mail.id);
    if (!message) {
      log::line(Level::error, Subsystem::mail, {}, "a mail to {} is lost: {}", mail.to, message.error().what);
      queue_.remove(mail.id);
      publish();
      continue;
    }
    sending_ = true;
    const Outcome outcome = co_await send_one(mail.to, *message, {});
    sending_ = false;
    settle(std::move(mail), outcome);
  }
  last_words_.cancel();
}

awaitable<Outcome> Postman::send_one(std::string to, const std::string& message,
                                     std::function<void(const std::string&)> transcript) {
  const auto config = config_;
  if (!config->mail.sendmail.empty()) {
    co_return co_await send_by_program(config->mail.sendmail, message, config->mail.step_timeout);
  }
  SmtpJob job;
  job.settings = config->mail;
  job.helo = greeting_name(*config);
  job.envelope = {config::address_in(config->mail.from), std::move(to)};
  job.message = message;
  job.built_in_cas = settings_.built_in_cas;
  job.transcript = std::move(transcript);
  co_return co_await send_by_smtp(std::move(job));
}

void Postman::settle(Waiting mail, const Outcome& outcome) {
  if (queue_.find(mail.id) == nullptr) {
    return;  // it was removed meanwhile
  }
  const auto& settings = config_->mail;
  const base::WallMicros now = base::wall_now();
  ++mail.attempts;
  mail.words = outcome.words;
  if (outcome.verdict == Outcome::Verdict::delivered) {
    queue_.remove(mail.id);
    server_failures_ = 0;
    log::line(Level::info, Subsystem::mail, {}, "a mail to {} was delivered: {}", mail.to, outcome.words);
    tell(mail, "delivered");
  } else if (now - mail.created >= settings.give_up.count() * second_us) {
    queue_.remove(mail.id);
    log::line(Level::error, Subsystem::mail, {}, "a mail to {} is given up after {} tries: {}", mail.to,
              mail.attempts, outcome.words);
    tell(mail, "given up");
  } else if (outcome.verdict == Outcome::Verdict::refused) {
    mail.refused = true;
    mail.next_try = mail.created + settings.give_up.count() * second_us;
    queue_.note(mail);
    log::line(Level::error, Subsystem::mail, {},
              "a mail to {} is refused: {} (pbxctl mail retry {} tries again)", mail.to, outcome.words,
              mail.id);
    tell(mail, "refused");
  } else {
    try_later(std::move(mail), outcome, now);
  }
  publish();
}

void Postman::try_later(Waiting mail, const Outcome& outcome, base::WallMicros now) {
  const auto& settings = config_->mail;
  const auto doubled = settings.retry.count() << std::min<std::uint32_t>(mail.attempts - 1, 20U);
  const auto pause = std::min<std::int64_t>(doubled, settings.max_retry.count());
  mail.next_try = now + pause * second_us;
  queue_.note(mail);
  log::line(Level::warning, Subsystem::mail, {}, "a mail to {} waits for another {} s: {}", mail.to, pause,
            outcome.words);
  if (outcome.server_failed) {
    // The others would fare no better: the server gets its pause from all of them.
    const auto all = std::min<std::int64_t>(settings.retry.count() << std::min(server_failures_++, 20U),
                                            settings.max_retry.count());
    server_pause_until_ = now + all * second_us;
  }
}

const Waiting* Postman::next_due() const {
  if (!config_ || !config_->mail.enabled()) {
    return nullptr;
  }
  const base::WallMicros now = base::wall_now();
  if (now < server_pause_until_) {
    return nullptr;
  }
  const Waiting* best = nullptr;
  for (const auto& [id, mail] : queue_.all()) {
    if (mail.next_try <= now && (best == nullptr || mail.created < best->created)) {
      best = &mail;
    }
  }
  return best;
}

base::Duration Postman::pause() const {
  base::WallMicros next = base::wall_now() + 60 * second_us;
  for (const auto& [id, mail] : queue_.all()) {
    next = std::min(next, std::max(mail.next_try, server_pause_until_));
  }
  const auto wait = std::chrono::microseconds(std::max<base::WallMicros>(next - base::wall_now(), 0));
  return std::max<base::Duration>(wait, 50ms);
}

void Postman::begin_test(std::string address, std::function<void(Mailer::Report)> done) {
  tasks_.spawn(test(std::move(address), std::move(done)));
}

awaitable<void> Postman::test(std::string address, std::function<void(Mailer::Report)> done) {
  Mailer::Report outcome_report;
  if (!config_->mail.enabled()) {
    outcome_report.lines = {"nothing is set up: [mail] needs a server or sendmail"};
  } else {
    Letter letter;
    letter.to = address;
    letter.subject = "Test of " + config_->pbx.name;
    letter.text = "This mail was asked for by pbxctl mail test. If you can read it, mail works.\n";
    const std::string message = write_letter(letter, "test-" + base::random_token(8), base::wall_now(),
                                             *config_, settings_.encode_mp3);
    const Outcome outcome = co_await send_one(address, message, [&outcome_report](const std::string& line) {
      outcome_report.lines.push_back(line);
    });
    outcome_report.ok = outcome.verdict == Outcome::Verdict::delivered;
    outcome_report.lines.push_back(outcome_report.ok ? "the mail was taken: " + outcome.words
                                                     : outcome.words);
  }
  report([done = std::move(done), result = std::move(outcome_report)] { done(result); });
}

std::vector<Waiting> Postman::chosen(const std::string& id) const {
  std::vector<Waiting> found;
  for (const auto& [name, mail] : queue_.all()) {
    if (id == "all" || id == name) {
      found.push_back(mail);
    }
  }
  return found;
}

std::size_t Postman::retry(const std::string& id) {
  auto mails = chosen(id);
  for (auto& mail : mails) {
    mail.next_try = 0;
    mail.refused = false;
    queue_.note(mail);
  }
  server_pause_until_ = 0;
  publish();
  wake_.notify();
  return mails.size();
}

std::size_t Postman::remove(const std::string& id) {
  const auto mails = chosen(id);
  for (const auto& mail : mails) {
    queue_.remove(mail.id);
  }
  publish();
  return mails.size();
}

void Postman::tell(const Waiting& mail, const std::string& what) {
  report([this, fate = Mailer::Fate{mail.id, mail.to, mail.tag, what, mail.words}] {
    if (listener_) {
      listener_(fate);
    }
  });
}

void Postman::publish() {
  std::vector<Waiting> all;
  for (const auto& [id, mail] : queue_.all()) {
    all.push_back(mail);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
  const std::lock_guard lock(mutex_);
  published_ = std::move(all);
}

std::vector<Waiting> Postman::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

}  // namespace switchroom::mail
