#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

std::string check_destination(std::string_view argument, const config::Snapshot& config) {
  const auto [number, context] = dialplan::parse_destination(argument);
  if (number.empty()) {
    return "it takes a number, and a context if it is another one: 1001 default";
  }
  if (!context.empty() && !is_computed(context) && !config.contexts.contains(context)) {
    return "there is no context \"" + context + "\"";
  }
  return {};
}

awaitable<void> run_transfer(call::Call& call, std::string argument) {
  call.transfer(dialplan::parse_destination(argument));
  co_return;
}

awaitable<void> run_execute(call::Call& call, std::string argument) {
  co_await call.execute(dialplan::parse_destination(argument));
}

}  // namespace

Application transfer() {
  return {"transfer", "NUMBER [CONTEXT]",
          "The call goes on as if it had dialled NUMBER, in CONTEXT or in the one where it is. `1001 XML "
          "default` "
          "means the same. After 30 transfers the call ends.",
          check_destination, run_transfer};
}

Application execute_extension() {
  return {"execute_extension", "NUMBER [CONTEXT]",
          "Runs what NUMBER would run, and comes back for the next step.", check_destination, run_execute};
}

}  // namespace switchroom::apps
