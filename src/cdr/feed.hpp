// The queue in front of one sink: in memory while it is short, from the journal when it is not.
#pragma once

#include "cdr/journal.hpp"
#include "cdr/sink.hpp"

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::cdr {

/// Guarded by the worker's mutex, but for refill() and write() which belong to the worker's thread.
class Feed {
 public:
  // In memory for one sink: 16,384 records (some 20 MB). Beyond that they stand in the journal and are
  // read back from it. Records that the journal refused have no other place: up to 100,000 of those.
  static constexpr std::size_t most_in_memory = 16'384;
  static constexpr std::size_t most_unjournaled = 100'000;
  static constexpr std::size_t batch = 1024;

  Feed(std::unique_ptr<Sink> sink, std::filesystem::path journal);

  /// False: there was no room, and the record is lost.
  bool push(const Numbered& item);
  /// What the journal had at the start is taken from there.
  void catch_up(std::uint64_t last);
  [[nodiscard]] bool idle() const { return queue_.empty() && !behind_; }
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t written() const { return written_; }

  /// One batch, without the mutex in between. True when something was written.
  base::result<bool> step(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Sink& sink() { return *sink_; }

  // Of the worker: when a sink that failed is tried again.
  std::chrono::steady_clock::time_point retry_at{};
  std::chrono::milliseconds pause{0};

 private:
  void refill(std::unique_lock<std::mutex>& lock);

  std::unique_ptr<Sink> sink_;
  std::filesystem::path journal_;
  std::deque<Numbered> queue_;
  std::size_t unjournaled_ = 0;
  bool behind_ = false;
  std::uint64_t last_ = 0;               // the highest number that was pushed
  std::uint64_t loaded_ = 0;             // the highest number that is or was in queue_
  std::uint64_t written_ = 0;            // records, since the start
  std::uint64_t position_ = 0;           // the sink's, for other threads
  std::optional<JournalReader> reader_;  // the worker's
};

}  // namespace switchroom::cdr
