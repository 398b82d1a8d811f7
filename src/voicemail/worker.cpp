#include "voicemail/worker.hpp"

namespace switchroom::voicemail {

Worker::Worker(asio::io_context& call_context, Store store)
    : call_context_(call_context),
      store_(std::move(store)),
      thread_(base::start_thread("voicemail", [this] { work(); })) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
  *alive_ = false;
}

void Worker::add(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) {
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    job(store_);
    job = {};
    lock.lock();
    busy_ = false;
    if (jobs_.empty()) {
      idle_.notify_all();
    }
  }
}

bool Worker::flush(base::Duration limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [this] { return jobs_.empty() && !busy_; });
}

}  // namespace switchroom::voicemail
