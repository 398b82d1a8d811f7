// When the call thread wakes the media threads for the orders that it put.
#pragma once

#include "base/timer_queue.hpp"

#include <functional>
#include <utility>

namespace switchroom::media {

/// Rings at the end of the turn in which orders were put, but not sooner than `rest` after it rang last. So
/// a switchboard with little to do loses no time, and a busy one wakes a media thread 200 times a second
/// instead of eight times for each call: those wake-ups were a quarter of a call's CPU. Call thread.
class Doorbell {
 public:
  static constexpr auto rest = std::chrono::milliseconds(5);  // nobody hears a sound begin so much later

  Doorbell(asio::io_context& call_context, std::function<void()> ring)
      : timers_(call_context), ring_(std::move(ring)) {}
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void press() { ring_at(rung_ + rest); }
  /// For what cannot wait: no rest before it.
  void press_now() { ring_at(rung_); }

 private:
  void ring_at(base::Time when) {
    if (timer_ != 0 && when_ <= when) {
      return;
    }
    timers_.cancel(timer_);
    when_ = when;
    timer_ = timers_.at(when, [this] {
      timer_ = 0;
      rung_ = timers_.now();
      ring_();
    });
  }

  base::TimerQueue timers_;
  std::function<void()> ring_;
  base::Time rung_{};  // long ago
  base::Time when_{};  // of `timer_`
  base::TimerId timer_ = 0;
};

}  // namespace switchroom::media
