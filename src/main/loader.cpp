#include "main/loader.hpp"

#include "base/thread.hpp"
#include "dialplan/plan.hpp"
#include "main/config_checks.hpp"
#include "main/server.hpp"

#include <memory>
#include <utility>

namespace switchroom::main {

Loader::~Loader() {
  if (thread_.joinable()) thread_.join();
}

void Loader::start(std::function<void()> work) {
  if (thread_.joinable()) thread_.join();  // its work is done, or nearly: see load() and retire()
  thread_ = base::start_thread("loader", std::move(work));
}

awaitable<Loader::Loaded> Loader::load(config::SnapshotPtr running) {
  while (!free_.raised()) {
    co_await free_.wait();
  }
  free_.reset();
  // Shared: a coroutine that is cancelled leaves before the thread is done with it.
  const auto result = std::make_shared<Loaded>();
  const auto done = std::make_shared<base::Signal>(context_.get_executor());
  start([this, running = std::move(running), result, done]() mutable {
    auto loaded = config::load(running->file, config_checks(), running.get());
    running.reset();  // whose last owner may be this one: freed here, off the call thread
    result->problems = std::move(loaded.problems);
    result->warnings = std::move(loaded.warnings);
    result->next_start = std::move(loaded.next_start);
    if (loaded.snapshot != nullptr) {
      result->rules = {loaded.snapshot, std::make_shared<const dialplan::Dialplan>(loaded.snapshot)};
    }
    loaded.snapshot.reset();
    asio::post(context_, [this, result, done] {
      free_.notify();
      done->notify();
    });
  });
  co_await done->wait();
  co_return std::move(*result);
}

void Loader::retire(call::Rulebook old) {
  if (!free_.raised()) {
    return;  // the next load is under way: freed here and now
  }
  start([old = std::move(old)]() mutable { old = {}; });
}

}  // namespace switchroom::main
