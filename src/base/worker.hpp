// One thread that does one thing after another.
#pragma once

#include "base/clock.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace switchroom::base {

/// For what takes time, a disk or much arithmetic, away from the thread that must not wait. Any thread.
/// A coroutine awaits the outcome of a job by base/ask.hpp.
class Worker {
 public:
  /// What becomes of jobs that were not begun when the worker is destroyed; the one being done is waited for.
  enum class AtEnd : std::uint8_t { drop, finish };

  /// `name`: of the thread, 15 characters at most.
  Worker(const std::string& name, AtEnd at_end);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// The job must not throw.
  void post(std::function<void()> job);
  /// Jobs that were not begun.
  [[nodiscard]] std::size_t waiting() const;
  /// All jobs are done; false: `limit` was over before.
  bool flush(Duration limit);

 private:
  void work();

  const AtEnd at_end_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace switchroom::base
