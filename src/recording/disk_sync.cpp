#include "recording/disk_sync.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::recording {

DiskSync::DiskSync() : thread_(base::start_thread("recording sync", [this] { run(); })) {}

DiskSync::~DiskSync() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DiskSync::sync(const std::shared_ptr<OutputFile>& file) { push({file, {}}); }

void DiskSync::complete(const std::shared_ptr<OutputFile>& file,
                        std::function<void(base::result<void>)> done) {
  push({file, std::move(done)});
}

void DiskSync::push(Job job) {
  {
    const std::lock_guard lock(mutex_);
    const auto is_same = [&](const Job& other) { return other.file == job.file; };
    if (!job.done && std::ranges::any_of(jobs_, is_same)) {
      return;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void DiskSync::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) {
      return;
    }
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const auto synced =
        job.file != nullptr ? job.file->sync(static_cast<bool>(job.done)) : base::result<void>();
    if (job.done) {
      job.done(synced);
    } else if (!synced) {
      log::line(log::Level::error, log::Subsystem::media, {}, "{}", synced.error().what);
    }
    lock.lock();
  }
}

}  // namespace switchroom::recording
