#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/bridge.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"
#include "call/events.hpp"
#include "call/playing.hpp"
#include "call/trunk_targets.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

constexpr int rounds = 2;

std::string check_emergency(std::string_view argument, const config::Snapshot& config) {
  if (config.emergency.trunks.empty()) {
    return "there is no [emergency] with trunks";
  }
  return argument.empty() ? "it takes a number" : "";
}

void tell(call::Call& call, const std::string& event, const std::string& number) {
  const std::string name = call.value("caller_id_name");
  call.services().events.publish(event, {{"call", call.uuid()},
                                         {"caller", call.value("caller_id_number")},
                                         {"name", name},
                                         {"number", number},
                                         {"address", call.record().network_addr},
                                         {"location", call.config().emergency.location}});
}

awaitable<bool> try_trunk(call::Call& call, const std::string& trunk, const std::string& number) {
  auto what = call::trunk_dial_string(trunk, number, true);
  call::DialResult dialled = co_await call::dial(call, std::move(what));
  if (dialled.winner != nullptr) {
    call.variables().set("outbound_trunk", trunk);
    co_await call::talk(call, *dialled.winner, std::move(dialled.sound));
    co_return true;
  }
  call.note_failure(dialled.failure);
  switchroom::log::line(Level::error, Subsystem::call, call.uuid(), "emergency call to {}: {} by trunk {}",
                        number, dialled.failure.cause.name, trunk);
  co_return call.ending();
}

awaitable<void> run_emergency(call::Call& call, std::string argument) {
  const config::Emergency& emergency = call.config().emergency;
  const std::string number = emergency.sent_for(argument);
  switchroom::log::line(Level::error, Subsystem::call, call.uuid(),
                        "EMERGENCY CALL: {} ({}) at {} has dialled {}{}", call.value("caller_id_number"),
                        call.value("caller_id_name"), call.record().network_addr, argument,
                        emergency.location.empty() ? "" : "; " + emergency.location);
  tell(call, "emergency.call", argument);
  if (!emergency.caller_id.empty()) {
    call.variables().set("effective_caller_id_number", emergency.caller_id);
  }
  call.variables().set("call_timeout", "180");  // whoever dials it wants it to ring
  for (int round = 0; round < rounds; ++round) {
    for (const auto& trunk : call::good_trunks_first(call, emergency.trunks)) {
      if (co_await try_trunk(call, trunk, number)) {
        co_return;
      }
    }
  }
  switchroom::log::line(Level::error, Subsystem::call, call.uuid(),
                        "EMERGENCY CALL to {} FAILED: no trunk took it", number);
  tell(call, "emergency.failed", argument);
  if (call.hear_early()) {
    co_await call::play_sounds(call, "tone_stream:%(250,250,480,620);loops=4", "none");
    co_await call::play_sounds(call, "say:The emergency call could not be placed. Use another telephone.",
                               "none");
  }
}

}  // namespace

Application emergency() {
  return {"emergency", "NUMBER",
          "What a call to one of the numbers of `[emergency]` runs before any rule: NUMBER by its trunks, "
          "each of "
          "them, until one takes the call; those whom `notify` names are told.",
          check_emergency, run_emergency};
}

}  // namespace switchroom::apps
