// Who owns a spawned coroutine. co_spawn stands in this room's file alone.
#pragma once

#include "base/asio.hpp"
#include "base/signal.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace switchroom::base {

/// Owns coroutines that run beside their owner. One thread. The last member of its owner; closing is
/// cancel() and then co_await join(). The destructor aborts when a task is still running: a task
/// would outlive what it refers to.
class TaskGroup {
 public:
  /// Told of an exception that left a task (never of cancellation); the text is for the log.
  using OnFailure = std::function<void(const std::string& what)>;

  TaskGroup(const asio::any_io_executor& executor, OnFailure on_failure);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task by the next turn of the executor. Parameters of the coroutine are taken by value.
  /// `done` runs on the executor after the task's frame is gone.
  using TaskId = std::uint64_t;
  TaskId spawn(awaitable<void> task, std::function<void()> done = {});
  /// Cancels one task, or all: each wait inside throws operation_aborted. Unknown ids are ignored.
  void cancel(TaskId id);
  void cancel();
  awaitable<void> join();
  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

 private:
  struct Task {
    asio::cancellation_signal stop;
    std::function<void()> done;
  };
  void on_end(std::map<TaskId, Task>::iterator task, const std::exception_ptr& why);

  asio::any_io_executor executor_;
  OnFailure on_failure_;
  std::map<TaskId, Task> tasks_;  // new ones at the end: ids count up
  Signal drained_;
  TaskId last_ = 0;
};

}  // namespace switchroom::base
