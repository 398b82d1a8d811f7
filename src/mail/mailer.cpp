#include "mail/mailer.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "base/thread.hpp"
#include "config/voicemail_checks.hpp"
#include "mail/mime.hpp"
#include "mail/sendmail.hpp"
#include "mail/smtp_client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
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

/// The domain of Message-ID.
std::string id_domain(const config::Snapshot& config) {
  const std::string address = config::address_in(config.mail.from);
  const auto at = address.find('@');
  return at == std::string::npos ? config.pbx.domain : address.substr(at + 1);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string shell_safe_id(std::string id) {
  std::erase_if(id, [](char c) { return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'); });
  return id.empty() ? base::random_token(16) : id;
}

}  // namespace

/// The mail thread and what lives on it. The queue and the settings belong to that thread.
class Mailer::Postman {
 public:
  Postman(Settings settings, asio::io_context& call_context, Queue queue)
      : settings_(std::move(settings)), call_context_(call_context), queue_(std::move(queue)) {
    publish();
    thread_ = base::start_thread("mail", [this] { work(); });
  }
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;
  ~Postman() {
    asio::post(context_, [this] {
      closing_ = true;
      guard_.reset();
      webhook_.close();
      wake_.notify();
      if (!sending_) {
        tasks_.cancel();
        return;
      }
      // A mail that is on its way gets some seconds.
      last_words_.expires_after(last_words_limit);
      last_words_.async_wait([this](error_code) { tasks_.cancel(); });
    });
    thread_.join();
    *alive_ = false;
  }

  void post(std::function<void()> what) { asio::post(context_, std::move(what)); }
  /// To the call thread, unless this has gone by then.
  void report(std::function<void()> what) {
    asio::post(call_context_, [what = std::move(what), alive = alive_] {
      if (*alive) {
        what();
      }
    });
  }

  void configure(config::SnapshotPtr config) {
    post([this, config = std::move(config)] {
      config_ = config;
      server_pause_until_ = 0;
      wake_.notify();
    });
  }

  void accept(const Letter& letter, const std::function<void(bool)>& queued) {
    Waiting mail;
    mail.id = shell_safe_id(letter.id);
    mail.to = letter.to;
    mail.subject = letter.subject;
    mail.tag = letter.tag;
    mail.created = base::wall_now();
    const auto kept = queue_.put(mail, compose(letter, mail));
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

  std::string compose(const Letter& letter, const Waiting& mail) {
    MimeMessage message;
    message.from = config_->mail.from;
    message.to = letter.to;
    message.subject = letter.subject;
    message.text = letter.text;
    message.date_us = mail.created;
    message.message_id = mail.id + "." + base::random_token(8) + "@" + id_domain(*config_);
    for (const auto& attachment : letter.attachments) {
      MimePart part{attachment.name, attachment.type, {}};
      if (attachment.as_mp3 && settings_.encode_mp3) {
        auto mp3 = settings_.encode_mp3(attachment.file);
        if (mp3) {
          part.bytes = std::move(*mp3);
        } else {
          log::line(Level::warning, Subsystem::mail, {}, "{} goes as WAV: {}", attachment.name,
                    mp3.error().what);
          part.name = std::filesystem::path(part.name).replace_extension(".wav").string();
          part.type = "audio/x-wav";
        }
      }
      if (part.bytes.empty()) {
        part.bytes = read_file(attachment.file);
      }
      message.parts.push_back(std::move(part));
    }
    return write_mime(message);
  }

  awaitable<Outcome> send_one(std::string to, const std::string& message,
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

  /// One after the other, for as long as the process lives.
  awaitable<void> send_on() {
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
        log::line(Level::error, Subsystem::mail, {}, "a mail to {} is lost: {}", mail.to,
                  message.error().what);
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

  void settle(Waiting mail, const Outcome& outcome) {
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
      const auto doubled = settings.retry.count() << std::min<std::uint32_t>(mail.attempts - 1, 20U);
      const auto pause = std::min<std::int64_t>(doubled, settings.max_retry.count());
      mail.next_try = now + pause * second_us;
      queue_.note(mail);
      log::line(Level::warning, Subsystem::mail, {}, "a mail to {} waits for another {} s: {}", mail.to,
                pause, outcome.words);
      if (outcome.server_failed) {
        // The others would fare no better: the server gets its pause from all of them.
        const auto all = std::min<std::int64_t>(settings.retry.count() << std::min(server_failures_++, 20U),
                                                settings.max_retry.count());
        server_pause_until_ = now + all * second_us;
      }
    }
    publish();
  }

  const Waiting* next_due() {
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

  base::Duration pause() const {
    base::WallMicros next = base::wall_now() + 60 * second_us;
    for (const auto& [id, mail] : queue_.all()) {
      next = std::min(next, std::max(mail.next_try, server_pause_until_));
    }
    const auto wait = std::chrono::microseconds(std::max<base::WallMicros>(next - base::wall_now(), 0));
    return std::max<base::Duration>(wait, 50ms);
  }

  void tell(const Waiting& mail, const std::string& what) {
    report([this, fate = Fate{mail.id, mail.to, mail.tag, what, mail.words}] {
      if (listener_) {
        listener_(fate);
      }
    });
  }

  /// What any thread may look at.
  void publish() {
    std::vector<Waiting> all;
    for (const auto& [id, mail] : queue_.all()) {
      all.push_back(mail);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
    const std::lock_guard lock(mutex_);
    published_ = std::move(all);
  }
  std::vector<Waiting> published() const {
    const std::lock_guard lock(mutex_);
    return published_;
  }

  awaitable<void> test(std::string address, std::function<void(Report)> done) {
    Report outcome_report;
    if (!config_->mail.enabled()) {
      outcome_report.lines = {"nothing is set up: [mail] needs a server or sendmail"};
    } else {
      Letter letter;
      letter.to = address;
      letter.subject = "Test of " + config_->pbx.name;
      letter.text = "This mail was asked for by pbxctl mail test. If you can read it, mail works.\n";
      Waiting mail;
      mail.id = "test-" + base::random_token(8);
      mail.created = base::wall_now();
      const std::string message = compose(letter, mail);
      const Outcome outcome = co_await send_one(address, message, [&outcome_report](const std::string& line) {
        outcome_report.lines.push_back(line);
      });
      outcome_report.ok = outcome.verdict == Outcome::Verdict::delivered;
      outcome_report.lines.push_back(outcome_report.ok ? "the mail was taken: " + outcome.words
                                                       : outcome.words);
    }
    report([done = std::move(done), result = std::move(outcome_report)] { done(result); });
  }
  void begin_test(std::string address, std::function<void(Report)> done) {
    tasks_.spawn(test(std::move(address), std::move(done)));
  }

  std::size_t retry(const std::string& id) {
    std::vector<Waiting> chosen;
    for (const auto& [name, mail] : queue_.all()) {
      if (id == "all" || id == name) {
        chosen.push_back(mail);
      }
    }
    for (auto& mail : chosen) {
      mail.next_try = 0;
      mail.refused = false;
      queue_.note(mail);
    }
    server_pause_until_ = 0;
    publish();
    wake_.notify();
    return chosen.size();
  }
  std::size_t remove(const std::string& id) {
    std::vector<std::string> chosen;
    for (const auto& [name, mail] : queue_.all()) {
      if (id == "all" || id == name) {
        chosen.push_back(name);
      }
    }
    for (const auto& name : chosen) {
      queue_.remove(name);
    }
    publish();
    return chosen.size();
  }

  void listen(std::function<void(const Fate&)> listener) { listener_ = std::move(listener); }
  Webhook& webhook() { return webhook_; }
  asio::io_context& call_context() { return call_context_; }

 private:
  void work() {
    tasks_.spawn(send_on());
    context_.run();
  }

  Settings settings_;
  asio::io_context& call_context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // call thread alone looks inside
  Queue queue_;
  config::SnapshotPtr config_;
  std::function<void(const Fate&)> listener_;  // call thread
  bool closing_ = false;
  bool sending_ = false;
  base::WallMicros server_pause_until_ = 0;
  unsigned server_failures_ = 0;
  mutable std::mutex mutex_;  // guards published_
  std::vector<Waiting> published_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  base::Signal wake_{context_.get_executor()};
  asio::steady_timer last_words_{context_};
  base::TaskGroup tasks_{context_.get_executor(), [](const std::string& what) {
                           log::line(Level::error, Subsystem::mail, {}, "an internal task failed: {}", what);
                         }};
  Webhook webhook_{context_, Webhook::Settings{.trust = {{}, settings_.built_in_cas}}};
  std::thread thread_;
};

Mailer::Mailer(std::unique_ptr<Postman> postman) : postman_(std::move(postman)) {}
Mailer::~Mailer() = default;

base::result<std::unique_ptr<Mailer>> Mailer::open(Settings settings, asio::io_context& call_context) {
  auto queue = Queue::open(settings.folder);
  if (!queue) {
    return queue.error();
  }
  return std::unique_ptr<Mailer>(
      new Mailer(std::make_unique<Postman>(std::move(settings), call_context, std::move(*queue))));
}

void Mailer::configure(const config::SnapshotPtr& config) { postman_->configure(config); }

void Mailer::send(Letter letter, std::function<void(bool)> queued) {
  postman_->post([postman = postman_.get(), letter = std::move(letter), queued = std::move(queued)] {
    postman->accept(letter, queued);
  });
}

void Mailer::on_fate(std::function<void(const Fate&)> listener) { postman_->listen(std::move(listener)); }

Webhook& Mailer::webhook() { return postman_->webhook(); }

std::vector<Waiting> Mailer::waiting() const { return postman_->published(); }

namespace {

/// What a coroutine of the call thread waits for while the mail thread works. Shared by both.
template <class T>
struct Answer {
  explicit Answer(const asio::any_io_executor& executor) : come(executor) {}
  T value{};
  base::Signal come;
};

}  // namespace

awaitable<Mailer::Report> Mailer::test(std::string address) {
  auto answer = std::make_shared<Answer<Report>>(co_await asio::this_coro::executor);
  postman_->post([postman = postman_.get(), answer, address = std::move(address)] {
    postman->begin_test(address, [answer](Report report) {
      answer->value = std::move(report);
      answer->come.notify();
    });
  });
  co_await answer->come.wait();
  co_return std::move(answer->value);
}

awaitable<std::size_t> Mailer::retry(std::string id) {
  auto answer = std::make_shared<Answer<std::size_t>>(co_await asio::this_coro::executor);
  postman_->post([postman = postman_.get(), answer, id = std::move(id)] {
    const std::size_t count = postman->retry(id);
    postman->report([answer, count] {
      answer->value = count;
      answer->come.notify();
    });
  });
  co_await answer->come.wait();
  co_return answer->value;
}

awaitable<std::size_t> Mailer::remove(std::string id) {
  auto answer = std::make_shared<Answer<std::size_t>>(co_await asio::this_coro::executor);
  postman_->post([postman = postman_.get(), answer, id = std::move(id)] {
    const std::size_t count = postman->remove(id);
    postman->report([answer, count] {
      answer->value = count;
      answer->come.notify();
    });
  });
  co_await answer->come.wait();
  co_return answer->value;
}

}  // namespace switchroom::mail
