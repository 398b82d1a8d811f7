#include "cdr/worker.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <limits>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::cdr {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto gather = 500ms;
constexpr auto first_pause = 500ms;
constexpr auto longest_pause = 30s;
constexpr auto heartbeat = 10s;
constexpr auto last_words = 5s;

void write_alive(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const std::string text = fmt::format("{:020}\n", base::wall_now());  // one length: overwritten in place
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
  ::close(fd);
}

}  // namespace

Worker::Worker(std::vector<std::unique_ptr<Feed>> feeds, std::filesystem::path alive)
    : feeds_(std::move(feeds)), alive_(std::move(alive)) {
  update_done();
  thread_ = base::start_thread("cdr", [this] { run(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::push(const Numbered& item) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    bool kept = true;
    for (auto& feed : feeds_) kept = feed->push(item) && kept;
    if (!kept) ++lost_;
    wake = std::exchange(asleep_, false);
    if (feeds_.empty()) done_.store(item.number, std::memory_order_release);
  }
  if (wake) wake_.notify_one();
}

void Worker::catch_up(std::uint64_t last) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& feed : feeds_) feed->catch_up(last);
    asleep_ = false;
    if (feeds_.empty()) done_.store(last, std::memory_order_release);
  }
  wake_.notify_one();
}

void Worker::set_open_calls(std::size_t count) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = asleep_ && open_calls_ == 0 && count != 0;  // the heart begins to beat
    if (wake) asleep_ = false;
    open_calls_ = count;
  }
  if (wake) wake_.notify_one();
}

void Worker::discard(std::vector<std::filesystem::path> files) {
  const std::lock_guard lock(mutex_);
  for (auto& file : files) discarded_.push_back(std::move(file));
}

void Worker::reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
    asleep_ = false;
  }
  wake_.notify_one();
}

bool Worker::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  asleep_ = false;
  wake_.notify_one();
  return idle_.wait_for(lock, limit, [this] { return all_idle() && !hurry_; });
}

Recorder::State Worker::state() const {
  const std::lock_guard lock(mutex_);
  Recorder::State state;
  for (const auto& feed : feeds_) state.waiting = std::max(state.waiting, feed->waiting());
  if (!feeds_.empty()) {
    state.written = std::numeric_limits<std::uint64_t>::max();
    for (const auto& feed : feeds_) state.written = std::min(state.written, feed->written());
  }
  state.failures = failures_ + lost_;
  state.last_error = last_error_;
  return state;
}

bool Worker::all_idle() const {
  return std::all_of(feeds_.begin(), feeds_.end(), [](const auto& feed) { return feed->idle(); });
}

void Worker::update_done() {
  if (feeds_.empty()) return;
  std::uint64_t done = std::numeric_limits<std::uint64_t>::max();
  for (const auto& feed : feeds_) done = std::min(done, feed->position());
  done_.store(done, std::memory_order_release);
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool last_round = stopping_;
    const bool hurried = std::exchange(hurry_, false);
    if (hurried || last_round) {
      for (auto& feed : feeds_) feed->retry_at = {};  // somebody waits: no pauses
    }
    housekeeping(lock);
    // The last round has its limit: what is not written by then is in the journal.
    const auto limit = steady_clock::now() + last_words;
    while (step_all(lock) && !(last_round && steady_clock::now() > limit)) {
    }
    if (all_idle() || hurried) idle_.notify_all();
    if (last_round) return;
    asleep_ = true;  // from here on push() wakes us
    wake_.wait_until(lock, next_look(), [this] { return !asleep_ || hurry_ || stopping_; });
    asleep_ = false;
    wake_.wait_for(lock, gather, [this] { return hurry_ || stopping_; });
  }
}

// When there is something to do although nobody calls: a beat of the heart, another attempt.
steady_clock::time_point Worker::next_look() const {
  auto next = open_calls_ != 0 ? next_beat_ : steady_clock::now() + 1h;
  for (const auto& feed : feeds_) {
    if (!feed->idle()) next = std::min(next, feed->retry_at);
  }
  return next;
}

// True while any feed moves on.
bool Worker::step_all(std::unique_lock<std::mutex>& lock) {
  bool moved = false;
  for (auto& feed : feeds_) {
    if (feed->retry_at > steady_clock::now()) continue;
    const auto stepped = feed->step(lock);
    if (!stepped) {
      failed(*feed, stepped.error());
    } else if (*stepped) {
      recovered(*feed);
      moved = true;
    }
  }
  update_done();
  return moved;
}

void Worker::failed(Feed& feed, const base::Error& why) {
  ++failures_;
  last_error_ = why.what;
  feed.pause = std::clamp<std::chrono::milliseconds>(feed.pause * 2, first_pause, longest_pause);
  const auto now = steady_clock::now();
  feed.retry_at = now + feed.pause;
  if (now < next_complaint_) return;
  next_complaint_ = now + 1min;
  log::line(log::Level::error, log::Subsystem::cdr, "",
            "call records cannot be written ({}); {} wait in the journal and are tried again", why.what,
            feed.waiting());
}

void Worker::recovered(Feed& feed) {
  if (feed.pause == 0ms) return;
  feed.pause = 0ms;
  last_error_.clear();
  log::line(log::Level::info, log::Subsystem::cdr, "", "call records are written again to {}",
            feed.sink().name());
}

// Without the mutex: files may be slow.
void Worker::housekeeping(std::unique_lock<std::mutex>& lock) {
  const auto files = std::exchange(discarded_, {});
  const bool open_anew = std::exchange(reopen_, false);
  const bool beat = open_calls_ != 0 && steady_clock::now() >= next_beat_;
  if (files.empty() && !open_anew && !beat) return;
  lock.unlock();
  for (const auto& file : files) {
    std::error_code gone;
    std::filesystem::remove(file, gone);
  }
  if (open_anew) {
    for (auto& feed : feeds_) feed->sink().reopen();
  }
  if (beat) {
    write_alive(alive_);
    next_beat_ = steady_clock::now() + heartbeat;
  }
  lock.lock();
}

}  // namespace switchroom::cdr
