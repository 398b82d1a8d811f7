#include "call/bridge.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/barred.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"
#include "call/targets.hpp"
#include "dialplan/spellings.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

std::string check_bridge(std::string_view argument, const config::Snapshot& config) {
  return call::check_dial_string(argument, config);
}

/// Without continue_on_fail the next step runs: what an office writes behind a bridge (a voicemail box,
/// another phone) is meant for this.
bool goes_on(call::Call& call, const sip::Cause& cause) {
  const std::string list = call.variables().value("continue_on_fail");
  return list.empty() || dialplan::names_cause(list, cause.name, cause.q850);
}

awaitable<void> run_bridge(call::Call& call, std::string argument) {
  call::DialResult dialled = co_await call::dial(call, std::move(argument));
  if (dialled.winner != nullptr) {
    co_await call::talk(call, *dialled.winner, std::move(dialled.sound));
    co_return;
  }
  // Nobody who is barred shall wonder; where continue_on_fail names the cause the rule has other plans.
  const bool has_plans =
      !call.variables().value("continue_on_fail").empty() && goes_on(call, dialled.failure.cause);
  if (call::is_barred(dialled.failure) && !call.leaving() && !has_plans) {
    co_await call::say_barred(call);
    call.end_with(std::move(dialled.failure));
    co_return;
  }
  if (!goes_on(call, dialled.failure.cause)) {
    switchroom::log::line(switchroom::log::Level::info, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "{} is not among continue_on_fail: the call ends", dialled.failure.cause.name);
    call.end_with(std::move(dialled.failure));
    co_return;
  }
  call.note_failure(std::move(dialled.failure));
}

}  // namespace

Application bridge() {
  return {
      "bridge", "[{NAME=VALUE,…}] TARGET [, TARGET …]",
      "Rings somebody and connects the caller to the first who answers: `user/NUMBER`, `group/NAME`, "
      "`trunk/NAME/NUMBER` or `sip:NAME@HOST`, several at once with `,` between them, one after the other "
      "with `\\|`. See [Dial strings](#dial-strings). When nobody answers the next step runs; after a "
      "conversation the call ends.",
      check_bridge, run_bridge};
}

}  // namespace switchroom::apps
