// The two implementations of Timers: on asio's clock, and on a clock that a test moves.
#pragma once

#include "base/asio.hpp"
#include "base/timers.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace switchroom::base {

/// Deadlines in a heap of four children for each node; a cancelled timer leaves it at once (most SIP timers
/// are cancelled, and dead entries of 32 seconds' worth of calls would have to be swept). Its owner says when
/// to look (run_due). Equal deadlines run in the order of their adding.
class TimerHeap {
 public:
  TimerId add(Time when, std::function<void()> action);
  void cancel(TimerId id);
  /// Runs every action due at `now`, earliest first; those that they add wait for the next call. An
  /// action may cancel another that is due: that one does not run.
  void run_due(Time now);
  [[nodiscard]] bool empty() const { return live_ == 0; }
  /// The earliest deadline that has not been cancelled; Time::max() when there is none.
  [[nodiscard]] Time next() const { return heap_.empty() ? Time::max() : heap_.front().when; }
  [[nodiscard]] std::size_t size() const { return live_; }

 private:
  // An id is the timer's number, counted up, above the index of its slot: 24 bits for 16 million
  // timers at once, 40 bits that at 100,000 a second repeat after four months, and then only for
  // an id that was kept all that time and falls on the same slot.
  static constexpr unsigned slot_bits = 24;
  static constexpr std::uint32_t nowhere = UINT32_MAX;  // in no heap: being run, or free

  struct Entry {
    Time when;
    TimerId id;
    [[nodiscard]] bool before(const Entry& other) const {
      return when != other.when ? when < other.when : id < other.id;
    }
  };
  struct Slot {
    std::function<void()> action;
    TimerId id = 0;  // 0: free
    std::uint32_t position = nowhere;
  };
  static std::size_t slot_of(TimerId id) { return id & ((TimerId{1} << slot_bits) - 1); }
  std::function<void()> release(TimerId id);
  void place(std::size_t position, const Entry& entry);
  void sift_up(std::size_t position, const Entry& entry);
  void sift_down(std::size_t position, const Entry& entry);
  void remove_at(std::size_t position);

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;  // indices of free slots, the last used first
  std::size_t live_ = 0;
  TimerId count_ = 0;
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
  void arm_now();
  void on_expiry();
  void run_due();

  TimerHeap heap_;
  asio::steady_timer timer_;
  Time armed_ = Time::max();
  bool running_ = false;  // inside run_due: it arms once, at its end
  bool posted_ = false;   // something is due by the next turn, and the executor knows
  // Shared with the waiting handler, which may be queued already when this object goes.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
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
