// One thread for one store: what takes time is done there, in order, and its outcome posted back.
#pragma once

#include "base/asio.hpp"
#include "base/signal.hpp"
#include "base/thread.hpp"
#include "voicemail/store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace switchroom::voicemail {

/// Call thread. Destroying it finishes all jobs that were given; outcomes are not delivered any more then.
class Worker {
 public:
  Worker(asio::io_context& call_context, Store store);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `job` on the thread and then `done` with what it returned on the call thread.
  template <class T>
  void run(std::function<T(Store&)> job, std::function<void(T)> done) {
    add([this, job = std::move(job), done = std::move(done), alive = alive_](Store& store) mutable {
      auto outcome = std::make_shared<T>(job(store));  // shared: a posted function must be copyable
      asio::post(call_context_, [outcome, done = std::move(done), alive = std::move(alive)] {
        if (*alive && done) {
          done(std::move(*outcome));
        }
      });
    });
  }
  /// The same for a coroutine. The job is done also when the coroutine is cancelled.
  template <class T>
  awaitable<T> ask(std::function<T(Store&)> job) {
    struct Answer {
      explicit Answer(const asio::any_io_executor& executor) : come(executor) {}
      std::optional<T> value;
      base::Signal come;
    };
    // Shared by the coroutine, which may be cancelled, and the outcome that is on its way.
    auto answer = std::make_shared<Answer>(call_context_.get_executor());
    run<T>(std::move(job), [answer](T value) {
      answer->value.emplace(std::move(value));
      answer->come.notify();
    });
    co_await answer->come.wait();
    co_return std::move(*answer->value);
  }
  /// All jobs are done, or `limit` is over.
  bool flush(base::Duration limit);

 private:
  using Job = std::function<void(Store&)>;
  void add(Job job);
  void work();

  asio::io_context& call_context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // call thread alone looks inside
  Store store_;                                                 // the thread's
  std::mutex mutex_;                                            // guards what follows
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Job> jobs_;
  bool busy_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace switchroom::voicemail
