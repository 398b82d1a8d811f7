#include "recording/disk_sync.hpp"

#include "base/log.hpp"

#include <utility>

namespace switchroom::recording {

void DiskSync::sync(const std::shared_ptr<OutputFile>& file) {
  if (file == nullptr) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_.insert(file.get()).second) {
      return;
    }
  }
  worker_.post([this, file] {
    {
      const std::lock_guard lock(mutex_);
      waiting_.erase(file.get());
    }
    if (const auto synced = file->sync(false); !synced) {
      log::line(log::Level::error, log::Subsystem::media, {}, "{}", synced.error().what);
    }
  });
}

void DiskSync::complete(const std::shared_ptr<OutputFile>& file,
                        std::function<void(base::result<void>)> done) {
  worker_.post(
      [file, done = std::move(done)] { done(file != nullptr ? file->sync(true) : base::result<void>()); });
}

}  // namespace switchroom::recording
