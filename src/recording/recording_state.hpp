// What the call thread and the worker share of one recording.
#pragma once

#include "recording/recorder.hpp"

#include <atomic>
#include <deque>
#include <limits>
#include <mutex>

namespace switchroom::recording {

/// A stretch of the tap's own time that is not recorded, in ms.
struct Pause {
  std::uint64_t from = 0;
  std::uint64_t to = std::numeric_limits<std::uint64_t>::max();  // not over yet
};

class RecordingState {
 public:
  RecordingState(std::shared_ptr<media::TapReader> tap_reader, RecordingSettings what, Recorder::OnEnd told,
                 Recorder::OnMade told_of_file)
      : reader(std::move(tap_reader)),
        settings(std::move(what)),
        on_end(std::move(told)),
        on_made(std::move(told_of_file)) {}

  // Set at the beginning.
  const std::shared_ptr<media::TapReader> reader;  // the worker reads
  const RecordingSettings settings;
  const Recorder::OnEnd on_end;
  const Recorder::OnMade on_made;

  // The call thread says, the worker reads.
  void pause(bool on) {
    const std::uint64_t now = reader->now_ms();
    const std::lock_guard lock(mutex_);
    if (on && !paused_) {
      pauses_.push_back({now});
    } else if (!on && paused_) {
      pauses_.back().to = now;
    }
    paused_ = on;
  }
  [[nodiscard]] bool paused() const {
    const std::lock_guard lock(mutex_);
    return paused_;
  }
  /// Is the frame that begins there paused? Asked in order: what lies behind is forgotten.
  bool is_paused_at(std::uint64_t ms) {
    const std::lock_guard lock(mutex_);
    while (!pauses_.empty() && pauses_.front().to <= ms) {
      pauses_.pop_front();
    }
    return !pauses_.empty() && pauses_.front().from <= ms;
  }
  void stop() {
    std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    stop_at_ms.compare_exchange_strong(never, reader->now_ms());
  }
  std::atomic<std::uint64_t> stop_at_ms = std::numeric_limits<std::uint64_t>::max();

  // The worker says, anybody reads.
  std::atomic<std::int64_t> length_ms = 0;
  std::atomic<std::int64_t> silent_ms = 0;
  std::atomic<unsigned> loudness = 0;
  void made(const std::filesystem::path& path) {
    const std::lock_guard lock(mutex_);
    path_ = path;
  }
  [[nodiscard]] std::filesystem::path path() const {
    const std::lock_guard lock(mutex_);
    return path_;
  }

  std::optional<Outcome> outcome;  // call thread

 private:
  mutable std::mutex mutex_;
  std::deque<Pause> pauses_;
  bool paused_ = false;
  std::filesystem::path path_;
};

}  // namespace switchroom::recording
