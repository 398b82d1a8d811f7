// The mail thread and what lives on it.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "config/snapshot.hpp"
#include "mail/mailer.hpp"
#include "mail/queue.hpp"
#include "mail/sendmail.hpp"
#include "mail/webhook.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace switchroom::mail {

/// Made and destroyed by the call thread. What is not marked otherwise is for the mail thread, which post()
/// leads to.
class Postman {
 public:
  Postman(Mailer::Settings settings, asio::io_context& call_context, Queue queue);
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;
  /// A mail that is on its way gets some seconds.
  ~Postman();

  /// To the mail thread. Any thread.
  void post(std::function<void()> what) { asio::post(context_, std::move(what)); }
  /// To the call thread, unless this has gone by then. Any thread.
  void report(std::function<void()> what);
  /// Call thread.
  void configure(config::SnapshotPtr config);
  void listen(std::function<void(const Mailer::Fate&)> listener) { listener_ = std::move(listener); }
  Webhook& webhook() { return webhook_; }
  /// What waits, as it was lately. Any thread.
  [[nodiscard]] std::vector<Waiting> published() const;

  void accept(const Letter& letter, const std::function<void(bool safe)>& queued);
  /// `done` runs on the call thread.
  void begin_test(std::string address, std::function<void(Mailer::Report)> done);
  /// One, or "all"; how many.
  std::size_t retry(const std::string& id);
  std::size_t remove(const std::string& id);

 private:
  void work();
  awaitable<void> send_on();
  awaitable<Outcome> send_one(std::string to, const std::string& message,
                              std::function<void(const std::string&)> transcript);
  awaitable<void> test(std::string address, std::function<void(Mailer::Report)> done);
  void settle(Waiting mail, const Outcome& outcome);
  void try_later(Waiting mail, const Outcome& outcome, base::WallMicros now);
  [[nodiscard]] const Waiting* next_due() const;
  [[nodiscard]] base::Duration pause() const;
  [[nodiscard]] std::vector<Waiting> chosen(const std::string& id) const;
  void tell(const Waiting& mail, const std::string& what);
  void publish();

  Mailer::Settings settings_;
  asio::io_context& call_context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // call thread alone looks inside
  Queue queue_;
  config::SnapshotPtr config_;
  std::function<void(const Mailer::Fate&)> listener_;  // call thread
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
  base::TaskGroup tasks_;
  Webhook webhook_;
  std::thread thread_;
};

}  // namespace switchroom::mail
