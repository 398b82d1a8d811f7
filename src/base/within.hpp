// A deadline as a value, not an exception.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace switchroom::base {
namespace detail {

// Runs the operation to its end and keeps what came of it, so that nothing is lost where the operation
// and its deadline end in the same turn.
template <class T>
awaitable<void> keep_outcome(awaitable<T> operation, std::optional<T>& value, std::exception_ptr& why) {
  try {
    value.emplace(co_await std::move(operation));
  } catch (...) {
    why = std::current_exception();
  }
}

inline awaitable<bool> true_at_end(awaitable<void> operation) {
  co_await std::move(operation);
  co_return true;
}

}  // namespace detail

/// Runs `operation` for at most `limit`; nullopt (or false for void) when the time ran out, and then
/// the operation was cancelled and has ended. What the operation throws before that is thrown at
/// once; when the caller is cancelled, operation_aborted.
template <class T>
awaitable<std::optional<T>> within(Duration limit, awaitable<T> operation) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  std::optional<T> value;
  std::exception_ptr why;
  const auto first = co_await (detail::keep_outcome(std::move(operation), value, why) ||
                               timer.async_wait(asio::use_awaitable));
  if (!value && why && first.index() == 0) {
    std::rethrow_exception(why);
  }
  co_return value;
}

inline awaitable<bool> within(Duration limit, awaitable<void> operation) {
  co_return (co_await within(limit, detail::true_at_end(std::move(operation)))).has_value();
}

}  // namespace switchroom::base
