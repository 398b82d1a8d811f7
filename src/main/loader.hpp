// Reads configurations off the call thread: thousands of extensions take longer than a call can wait.
#pragma once

#include "base/asio.hpp"
#include "base/signal.hpp"
#include "call/services.hpp"
#include "config/load.hpp"

#include <functional>
#include <thread>

namespace switchroom::main {

/// Call thread; the work is done on a thread that lives as long as it takes.
class Loader {
 public:
  explicit Loader(asio::io_context& context) : context_(context), free_(context.get_executor()) {
    free_.notify();
  }
  ~Loader();  // joins
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// What was read, with its dialplan compiled; or all that is wrong.
  struct Loaded {
    call::Rulebook rules;  // empty when there are problems
    std::vector<config::Problem> problems;
    std::vector<config::Problem> warnings;
    std::vector<std::string> next_start;
  };
  /// What is to follow `running`, read from its file. One after the other.
  awaitable<Loaded> load(config::SnapshotPtr running);
  /// Takes apart what nobody needs any more: freeing it takes a while, too.
  void retire(call::Rulebook old);

 private:
  void start(std::function<void()> work);

  asio::io_context& context_;
  base::Signal free_;  // raised while no load runs
  std::thread thread_;
};

}  // namespace switchroom::main
