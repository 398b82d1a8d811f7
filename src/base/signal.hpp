// "Something happened": how a coroutine waits for an event of its own thread.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"

#include <algorithm>
#include <vector>

namespace switchroom::base {

/// A level that is raised and waited for. notify() wakes every waiter; a raise with nobody waiting is
/// kept until reset(). A waiter that runs only after the level was lowered again goes on waiting. One
/// thread. Waiting is cancellable, and loses nothing: the state that the signal stands for lives
/// beside it, so race waits and look at the state afterwards. Must outlive its waiters.
class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor, Time::max()) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() {
    for (Waiter* waiter : waiters_) waiter->signal = nullptr;
  }

  void notify() {
    raised_ = true;
    timer_.cancel();
    for (Waiter* waiter : waiters_) waiter->timer.cancel();  // only queues: no waiter runs in here
  }
  void reset() { raised_ = false; }
  [[nodiscard]] bool raised() const { return raised_; }

  /// Completes when raised (at once if it is). Throws only when its coroutine is cancelled.
  awaitable<void> wait() {
    while (!raised_) co_await woken(timer_);
  }

  /// True when raised before `deadline`, false when the deadline came first. Throws only when its
  /// coroutine is cancelled.
  awaitable<bool> wait_until(Time deadline) {
    if (raised_) co_return true;
    Waiter self(*this, deadline);
    while (!raised_ && Clock::now() < deadline) co_await woken(self.timer);
    co_return raised_;
  }
  awaitable<bool> wait_for(Duration limit) { return wait_until(deadline_after(limit)); }

 private:
  // A wait with a deadline has a timer of its own, which is cheaper than a race of two (a race
  // spawns a coroutine for each side). It may be destroyed after the signal, with its io_context.
  struct Waiter {
    Waiter(Signal& owner, Time deadline) : signal(&owner), timer(owner.timer_.get_executor(), deadline) {
      owner.waiters_.push_back(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      if (signal != nullptr) std::erase(signal->waiters_, this);
    }
    Signal* signal;  // not owned
    asio::steady_timer timer;
  };

  static awaitable<void> woken(asio::steady_timer& timer) {
    error_code ec;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

  static Time deadline_after(Duration limit) {
    const Time now = Clock::now();
    return limit > Time::max() - now ? Time::max() : now + limit;
  }

  asio::steady_timer timer_;      // never expires: cancel() is the wake-up
  std::vector<Waiter*> waiters_;  // not owned: they stand in their coroutines' frames
  bool raised_ = false;
};

/// Sleeps; throws operation_aborted when cancelled.
inline awaitable<void> nap(Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace switchroom::base
