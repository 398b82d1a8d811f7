// The two implementations of Timers: on asio's clock, and on a clock that a test moves.
#pragma once

#include "base/asio.hpp"
#include "base/timers.hpp"

#include <unordered_map>
#include <vector>

namespace switchroom::base {

/// A binary heap of deadlines with lazy cancellation. Its owner says when to look (run_due).
class TimerHeap {
 public:
  TimerId add(Time when, std::function<void()> action);
  void cancel(TimerId id);
  /// Runs every action due at `now`, those that they add for `now` or earlier in the next call.
  void run_due(Time now);
  [[nodiscard]] bool empty() const { return actions_.empty(); }
  /// The earliest deadline that has not been cancelled; Time::max() when there is none.
  [[nodiscard]] Time next();
  [[nodiscard]] std::size_t size() const { return actions_.size(); }

 private:
  struct Entry {
    Time when;
    TimerId id;
    friend bool operator>(const Entry& a, const Entry& b) { return a.when != b.when ? a.when > b.when : a.id > b.id; }
  };
  void drop_cancelled();
  void compact();

  std::vector<Entry> heap_;  // a min-heap; may hold ids that were cancelled
  std::unordered_map<TimerId, std::function<void()>> actions_;
  TimerId last_ = 0;
};

/// Timers on the steady clock, driven by one asio timer. Thread: that of the io_context.
class TimerQueue final : public Timers {
 public:
  explicit TimerQueue(asio::io_context& context) : timer_(context) {}
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  [[nodiscard]] Time now() const override { return Clock::now(); }
  TimerId at(Time when, std::function<void()> action) override;
  void cancel(TimerId id) override { heap_.cancel(id); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  void arm();

  TimerHeap heap_;
  asio::steady_timer timer_;
  Time armed_ = Time::max();
};

/// Timers for tests: time stands still until advance().
class ManualTimers final : public Timers {
 public:
  [[nodiscard]] Time now() const override { return now_; }
  TimerId at(Time when, std::function<void()> action) override { return heap_.add(when, std::move(action)); }
  void cancel(TimerId id) override { heap_.cancel(id); }
  /// Moves time forward, running each action at its own deadline.
  void advance(Duration by);
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  TimerHeap heap_;
  Time now_{std::chrono::hours(1)};
};

}  // namespace switchroom::base
