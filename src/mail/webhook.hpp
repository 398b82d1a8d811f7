// Webhooks: a JSON text to somebody's HTTP server.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "config/http_url.hpp"
#include "mail/trust.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::mail {

class HttpReplyReader;

/// Lives on one thread (that of mail), whose io_context it is made with; post() and trust() may be called
/// from any. A message is tried until the server has taken it (2xx), has refused it (a redirection, another
/// 4xx), or the tries are over. They are in memory: what waits when the process ends is lost, with a line in
/// the log.
class Webhook {
 public:
  struct Settings {
    Trust trust;
    std::string trust_key;  // the setting that names trust.ca_file, for people; empty: there is none
    base::Duration try_limit = std::chrono::seconds(15);
    /// Between the tries. A server's Retry-After may lengthen one, to longest_pause.
    std::vector<base::Duration> pauses{std::chrono::seconds(2), std::chrono::seconds(10),
                                       std::chrono::minutes(1), std::chrono::minutes(5)};
    base::Duration longest_pause = std::chrono::minutes(15);
    std::size_t most_waiting = 100;       // more are dropped, with a line in the log
    std::size_t most_bytes = 64U << 10U;  // of one text
    std::size_t most_at_once = 4;         // connections
    base::Duration last_words{std::chrono::seconds(5)};
  };
  Webhook(asio::io_context& context, Settings settings);
  /// After close(), when the io_context has run dry.
  ~Webhook() = default;
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  /// What became of a message; `words` is for people.
  struct Fate {
    bool delivered = false;
    unsigned tries = 0;
    std::string words;
  };
  /// Fire and forget; the log tells when it was given up, and why. Any thread. `done` (may be empty) runs on
  /// this object's thread.
  void post(std::string url, std::string json, std::function<void(const Fate&)> done = {});
  /// Any thread.
  void trust(Trust trust, std::string key);

  /// On its thread. Nothing is tried again; what is under way gets Settings::last_words.
  void close();

 private:
  struct Job;
  struct Turn;
  void accept(const std::shared_ptr<Job>& job);
  awaitable<void> deliver(std::shared_ptr<Job> job);
  awaitable<void> attempt(Job& job);
  awaitable<void> exchange(Job& job);
  static void heed(Job& job, const HttpReplyReader& reply);
  void on_end(const Job& job);

  asio::io_context& context_;
  Settings settings_;
  std::size_t busy_ = 0;  // connections
  base::Signal turn_;     // one of them was closed
  base::Signal closing_;
  asio::steady_timer last_words_;
  base::TaskGroup tasks_;
};

}  // namespace switchroom::mail
