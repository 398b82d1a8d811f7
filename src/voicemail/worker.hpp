// One thread for one store: what takes time is done there, in order, and its outcome posted back.
#pragma once

#include "base/ask.hpp"
#include "base/worker.hpp"
#include "voicemail/store.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace switchroom::voicemail {

/// Call thread. Destroying it finishes all jobs that were given; outcomes are not delivered any more then.
class Worker {
 public:
  Worker(asio::io_context& call_context, Store store)
      : call_context_(call_context), store_(std::move(store)) {}
  ~Worker() { *alive_ = false; }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `job` on the thread and then `done` with what it returned on the call thread.
  template <class T>
  void run(std::function<T(Store&)> job, std::function<void(T)> done) {
    worker_.post([this, job = std::move(job), done = std::move(done), alive = alive_]() mutable {
      auto outcome = std::make_shared<T>(job(store_));  // shared: a posted function must be copyable
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
    return base::ask(worker_, call_context_, [this, job = std::move(job)] { return job(store_); });
  }
  /// All jobs are done, or `limit` is over.
  bool flush(base::Duration limit) { return worker_.flush(limit); }

 private:
  asio::io_context& call_context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // call thread alone looks inside
  Store store_;                                                 // the thread's
  base::Worker worker_{"voicemail", base::Worker::AtEnd::finish};
};

}  // namespace switchroom::voicemail
