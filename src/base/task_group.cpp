#include "base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <cstdlib>
#include <utility>

namespace switchroom::base {
namespace {

bool is_cancellation(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (const asio::multiple_exceptions& several) {
    return is_cancellation(several.first_exception());
  } catch (...) {
    return false;
  }
}

std::string describe(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const asio::multiple_exceptions& several) {
    return describe(several.first_exception());
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

/// A task that is cancelled in its last turn (by itself, say) has come to its end all the same: asio would
/// throw for it behind the last handler that could catch it.
awaitable<void> to_the_end(awaitable<void> task) {
  co_await std::move(task);
  co_await asio::this_coro::throw_if_cancelled(false);
}

}  // namespace

TaskGroup::TaskGroup(const asio::any_io_executor& executor, OnFailure on_failure)
    : executor_(executor), on_failure_(std::move(on_failure)), drained_(executor) {
  drained_.notify();
}

TaskGroup::~TaskGroup() {
  if (!tasks_.empty()) {
    std::abort();
  }
}

TaskGroup::TaskId TaskGroup::spawn(awaitable<void> task, std::function<void()> done) {
  drained_.reset();
  const auto self = tasks_.try_emplace(tasks_.end(), ++last_);
  self->second.done = std::move(done);
  asio::co_spawn(
      executor_, to_the_end(std::move(task)),
      asio::bind_cancellation_slot(self->second.stop.slot(), [this, self](const std::exception_ptr& why) {
        // The handler runs inside the dying frame's completion: finish by the next turn, when
        // the frame and what it captured are gone.
        asio::post(executor_, [this, self, why] { on_end(self, why); });
      }));
  return self->first;
}

void TaskGroup::on_end(std::map<TaskId, Task>::iterator task, const std::exception_ptr& why) {
  if (why && on_failure_ && !is_cancellation(why)) {
    on_failure_(describe(why));
  }
  auto done = std::move(task->second.done);
  tasks_.erase(task);
  if (tasks_.empty()) {
    drained_.notify();
  }
  if (done) {
    done();  // last: it may destroy this group
  }
}

void TaskGroup::cancel(TaskId id) {
  if (const auto task = tasks_.find(id); task != tasks_.end()) {
    task->second.stop.emit(asio::cancellation_type::terminal);
  }
}

void TaskGroup::cancel() {
  // emit() may run code that adds tasks; those added are cancelled too, since the list only grows.
  for (auto& [id, task] : tasks_) {
    task.stop.emit(asio::cancellation_type::terminal);
  }
}

awaitable<void> TaskGroup::join() { co_await drained_.wait(); }

}  // namespace switchroom::base
