#include "call/bridge.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

std::string check_bridge(std::string_view argument) { return call::check_dial_string(argument); }

awaitable<void> run_bridge(call::Call& call, std::string argument) {
  auto targets = co_await call::find_targets(call, std::move(argument));
  call::DialResult dialled = co_await call::dial(call, std::move(targets));
  if (dialled.winner == nullptr) {
    call.note_failure(dialled.failure);
    co_return;
  }
  co_await call::talk(call, *dialled.winner, std::move(dialled.sound));
}

}  // namespace

Application bridge() {
  return {"bridge", "user/NUMBER or sip:NAME@HOST [, …]",
          "Rings somebody, or several at once, and connects the caller to the first who answers. The call "
          "ends with that conversation; when nobody answers the next step runs. call_timeout (seconds, 60) "
          "limits the ringing. A phone that sends its call on (302) is followed to other extensions only.",
          check_bridge, run_bridge};
}

}  // namespace switchroom::apps
