// "Something happened": how a coroutine waits for an event of its own thread.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace switchroom::base {

/// A level that is raised and waited for. notify() wakes every waiter; a raise with nobody waiting is
/// kept until reset(). One thread. Waiting is cancellable, and loses nothing: the state that the
/// signal stands for lives beside it, so race waits and look at the state afterwards.
class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor, Time::max()) {}

  void notify() {
    raised_ = true;
    timer_.cancel();
  }
  void reset() { raised_ = false; }
  [[nodiscard]] bool raised() const { return raised_; }

  /// Completes when raised (at once if it is). Throws only when its coroutine is cancelled.
  awaitable<void> wait() {
    while (!raised_) {
      error_code ec;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
      }
    }
  }

  /// True when raised before `deadline`, false when the deadline came first.
  awaitable<bool> wait_until(Time deadline) {
    if (deadline == Time::max()) {
      co_await wait();
      co_return true;
    }
    asio::steady_timer limit(timer_.get_executor(), deadline);
    while (!raised_) {
      if (Clock::now() >= deadline) {
        co_return false;
      }
      using namespace asio::experimental::awaitable_operators;
      error_code woken;
      error_code expired;
      (void)co_await (timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken)) ||
                      limit.async_wait(asio::redirect_error(asio::use_awaitable, expired)));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
      }
    }
    co_return true;
  }
  awaitable<bool> wait_for(Duration limit) { return wait_until(Clock::now() + limit); }

 private:
  asio::steady_timer timer_;  // never expires: cancel() is the wake-up
  bool raised_ = false;
};

/// Sleeps; throws operation_aborted when cancelled.
inline awaitable<void> nap(Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace switchroom::base
