#include "base/worker.hpp"

#include "base/thread.hpp"

#include <utility>

namespace switchroom::base {

Worker::Worker(const std::string& name, AtEnd at_end)
    : at_end_(at_end), thread_(start_thread(name, [this] { work(); })) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (at_end_ == AtEnd::drop) {
      jobs_.clear();
    }
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

std::size_t Worker::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

bool Worker::flush(Duration limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [this] { return jobs_.empty() && !busy_; });
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) {
      return;
    }
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    job();
    job = nullptr;  // what it holds goes here, not under the lock
    lock.lock();
    busy_ = false;
    if (jobs_.empty()) {
      idle_.notify_all();
    }
  }
}

}  // namespace switchroom::base
