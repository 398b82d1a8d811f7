// The thread that brings records from the feeds into table and file.
#pragma once

#include "cdr/feed.hpp"
#include "cdr/recorder.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace switchroom::cdr {

/// Records gather for half a second and go in one transaction (fewer pages are written twice). A sink that
/// refuses (disk full, locked) is tried again with growing pauses up to 30 s; the others go on. All but run()
/// and what it calls belongs to the call thread.
class Worker {
 public:
  /// `alive`: a file that gets the time every ten seconds while calls are open: the end of those that
  /// a crash cuts short.
  Worker(std::vector<std::unique_ptr<Feed>> feeds, std::filesystem::path alive);
  ~Worker();  // one last attempt at everything, then the end
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void push(const Numbered& item);
  void catch_up(std::uint64_t last);
  void set_open_calls(std::size_t count);
  /// Deletes these files, in time.
  void discard(std::vector<std::filesystem::path> files);
  void reopen();
  bool flush(std::chrono::milliseconds limit);
  /// Every record up to this number is where it belongs.
  [[nodiscard]] std::uint64_t done() const { return done_.load(std::memory_order_acquire); }
  [[nodiscard]] Recorder::State state() const;

 private:
  void run();
  bool step_all(std::unique_lock<std::mutex>& lock);
  void failed(Feed& feed, const base::Error& why);
  void recovered(Feed& feed);
  void housekeeping(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool all_idle() const;
  [[nodiscard]] std::chrono::steady_clock::time_point next_look() const;
  void update_done();

  std::vector<std::unique_ptr<Feed>> feeds_;
  std::filesystem::path alive_;
  std::chrono::steady_clock::time_point next_beat_{};
  std::chrono::steady_clock::time_point next_complaint_{};

  mutable std::mutex mutex_;  // guards the feeds and what follows
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<std::filesystem::path> discarded_;
  std::size_t open_calls_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t lost_ = 0;
  std::string last_error_;
  bool asleep_ = false;
  bool hurry_ = false;
  bool reopen_ = false;
  bool stopping_ = false;

  std::atomic<std::uint64_t> done_{0};
  std::thread thread_;
};

}  // namespace switchroom::cdr
