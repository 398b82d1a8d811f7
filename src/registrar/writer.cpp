#include "registrar/writer.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::registrar {
namespace {

using namespace std::chrono_literals;

constexpr auto gather = 500ms;
constexpr auto first_pause = 500ms;
constexpr auto longest_pause = 30s;

}  // namespace

Writer::Writer(Store store, std::filesystem::path path)
    : store_(std::move(store)),
      path_(std::move(path)),
      thread_(base::start_thread("registrar", [this] { run(); })) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Writer::put(Key key, std::optional<Binding> binding) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = changes_.empty();
    changes_.insert_or_assign(std::move(key), std::move(binding));
  }
  if (first) wake_.notify_one();
}

bool Writer::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  wake_.notify_one();
  return written_.wait_for(lock, limit, [this] { return changes_.empty() && !writing_; });
}

void Writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return !changes_.empty() || stopping_; });
    wake_.wait_for(lock, std::max<std::chrono::milliseconds>(gather, pause_),
                   [this] { return hurry_ || stopping_; });
    hurry_ = false;
    Changes batch = std::exchange(changes_, {});
    writing_ = true;
    lock.unlock();
    const bool done = batch.empty() || write(batch);
    lock.lock();
    writing_ = false;
    if (!done) give_back(std::move(batch));
    if (changes_.empty()) written_.notify_all();
    if (stopping_) return;  // one last attempt was made; a disk that refuses does not hold up the end
  }
}

bool Writer::write(const Changes& changes) {
  const auto saved = store_.save(changes);
  if (saved) {
    if (pause_ != 0ms) {
      log::line(log::Level::info, log::Subsystem::registrar, "", "registrations are written again to {}",
                path_.string());
    }
    pause_ = 0ms;
    return true;
  }
  pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, first_pause, longest_pause);
  recover(saved.error());
  return false;
}

// Changes made meanwhile are newer.
void Writer::give_back(Changes changes) {
  changes.merge(changes_);  // takes those that were not in the batch …
  for (auto& [key, binding] : changes_) changes[key] = std::move(binding);
  changes_ = std::move(changes);
}

void Writer::recover(const base::Error& why) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_complaint_) {
    next_complaint_ = now + 1min;
    log::line(log::Level::error, log::Subsystem::registrar, "",
              "registrations cannot be written to {} ({}); they are kept in memory and tried again",
              path_.string(), why.what);
  }
  if (!store_.damaged()) return;
  store_ = Store();  // closes it
  auto opened = Store::open(path_);
  if (!opened) return;
  store_ = std::move(*opened);
  wants_everything_ = true;
}

}  // namespace switchroom::registrar
