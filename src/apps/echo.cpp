#include "call/echo.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

#include <algorithm>

namespace switchroom::apps {
namespace {

awaitable<void> echo_for(call::Call& call, base::Duration delay) {
  const bool answered = co_await call.answer();
  if (!answered || call.caller().media().port() == nullptr) {
    co_return;
  }
  const call::Echo echo(call.caller(), delay);
  co_await call.idle_until(base::Time::max());
}

awaitable<void> run_echo(call::Call& call, std::string /*argument*/) {
  co_await echo_for(call, base::Duration::zero());
}

constexpr unsigned longest_delay = 10'000;  // ms

std::string check_delay(std::string_view argument, const config::Snapshot& /*config*/) {
  const auto delay = whole_number(argument);
  return argument.empty() || is_computed(argument) || (delay && *delay <= longest_delay)
             ? ""
             : "it takes milliseconds, 10000 at most, such as 3000";
}

awaitable<void> run_delayed(call::Call& call, std::string argument) {
  const unsigned delay = argument.empty() ? 1000 : whole_number(argument).value_or(1000);
  co_await echo_for(call, std::chrono::milliseconds(std::min(delay, longest_delay)));
}

}  // namespace

Application echo() {
  return {"echo", "", "Answers and plays back to the caller what he says, until he hangs up.", check_nothing,
          run_echo};
}

Application delay_echo() {
  return {"delay_echo", "[MILLISECONDS]", "The same, so much later; 1000 when nothing is given.", check_delay,
          run_delayed};
}

}  // namespace switchroom::apps
