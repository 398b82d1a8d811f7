// A deadline as a value, not an exception.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <optional>

namespace switchroom::base {

/// Runs `operation` for at most `limit`; nullopt (or false for void) when the time ran out, and then
/// the operation was cancelled. The operation must not throw to say that it failed: return a result.
template <class T>
awaitable<std::optional<T>> within(Duration limit, awaitable<T> operation) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  auto first = co_await (std::move(operation) || timer.async_wait(asio::use_awaitable));
  if (first.index() == 0) {
    co_return std::optional<T>(std::get<0>(std::move(first)));
  }
  co_return std::nullopt;
}

inline awaitable<bool> within(Duration limit, awaitable<void> operation) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  const auto first = co_await (std::move(operation) || timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0;
}

}  // namespace switchroom::base
