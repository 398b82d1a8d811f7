#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

#include <algorithm>

namespace switchroom::apps {
namespace {

constexpr unsigned longest = 24U * 3600 * 1000;

std::string check_sleep(std::string_view argument, const config::Snapshot& /*config*/) {
  if (is_computed(argument) || whole_number(argument)) {
    return {};
  }
  return "it takes a whole number of milliseconds, such as 1000";
}

awaitable<void> run_sleep(call::Call& call, std::string argument) {
  const auto time = std::chrono::milliseconds(std::min(whole_number(argument).value_or(0), longest));
  co_await call.idle_until(base::Clock::now() + time);
}

}  // namespace

Application sleep() { return {"sleep", "MILLISECONDS", "Waits.", check_sleep, run_sleep}; }

}  // namespace switchroom::apps
