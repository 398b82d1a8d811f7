// A job of a worker, awaited by a coroutine.
#pragma once

#include "base/asio.hpp"
#include "base/signal.hpp"
#include "base/worker.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace switchroom::base {

/// Runs `job`, which must not throw, on the worker and returns what it returned. It is done also when the
/// coroutine is cancelled meanwhile, so it refers only to what outlives the worker. `context` is the
/// coroutine's own, and outlives the worker too.
template <class Job, class Outcome = std::invoke_result_t<Job>>
awaitable<Outcome> ask(Worker& worker, asio::io_context& context, Job job) {
  struct Answer {
    explicit Answer(const asio::any_io_executor& executor) : come(executor) {}
    std::optional<Outcome> value;
    Signal come;
  };
  // Shared by the coroutine and the outcome that is on its way.
  const auto answer = std::make_shared<Answer>(context.get_executor());
  worker.post([&context, answer, job = std::move(job)]() mutable {
    auto outcome = std::make_shared<Outcome>(job());  // shared: a posted function must be copyable
    asio::post(context, [answer, outcome] {
      answer->value.emplace(std::move(*outcome));
      answer->come.notify();
    });
  });
  co_await answer->come.wait();
  co_return std::move(*answer->value);
}

}  // namespace switchroom::base
