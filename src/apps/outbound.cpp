#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/barred.hpp"
#include "call/bridge.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"
#include "call/trunk_targets.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

/// "outbound-1 4930123" to the route and the number, which has no blanks.
struct Wish {
  const config::OutboundRoute* route = nullptr;  // not owned: the snapshot's
  std::string name;
  std::string number;
};

Wish read_argument(std::string_view argument, const config::Snapshot& config) {
  const auto space = argument.rfind(' ');
  Wish wish;
  wish.name = argument.substr(0, std::min(space, argument.size()));
  wish.number = space == std::string_view::npos ? "" : argument.substr(space + 1);
  const auto found = std::find_if(config.outbound.begin(), config.outbound.end(),
                                  [&](const auto& route) { return route.name == wish.name; });
  wish.route = found == config.outbound.end() ? nullptr : &*found;
  return wish;
}

std::string check_outbound(std::string_view argument, const config::Snapshot& config) {
  const Wish wish = read_argument(argument, config);
  if (wish.route == nullptr) {
    return "there is no [[outbound]] by the name \"" + wish.name + "\"";
  }
  return wish.number.empty() ? "it takes a route and a number" : "";
}

bool has_word(const std::string& list, const std::string& word) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    const auto begin = std::min(list.find_first_not_of(' ', at), comma);
    auto end = comma;
    while (end > begin && list[end - 1] == ' ') {
      --end;
    }
    if (std::string_view(list).substr(begin, end - begin) == word) {
      return true;
    }
    at = comma + 1;
  }
  return false;
}

std::string reason_to_refuse(const call::Call& call, const config::OutboundRoute& route) {
  if (!route.needs.empty() && !has_word(call.value("toll_allow"), route.needs)) {
    return "the caller's toll_allow has no \"" + route.needs + "\"";
  }
  return {};
}

awaitable<void> refuse(call::Call& call, const Wish& wish, const std::string& why) {
  switchroom::log::line(Level::warning, Subsystem::dialplan, call.uuid(), "{} may not call {} by {}: {}",
                        call.value("caller_id_number"), wish.number, wish.name, why);
  co_await call::say_barred(call);
  call.end_with(call::barred());
}

awaitable<void> run_outbound(call::Call& call, std::string argument) {
  const Wish wish = read_argument(argument, call.config());
  if (wish.route == nullptr || wish.number.empty()) {
    switchroom::log::line(Level::error, Subsystem::dialplan, call.uuid(),
                          "outbound {}: no such route or no number", argument);
    call.note_failure({call::cause_by_name("NO_ROUTE_DESTINATION"), 0, {}, "switchroom"});
    co_return;
  }
  if (const std::string why = reason_to_refuse(call, *wish.route); !why.empty()) {
    co_await refuse(call, wish, why);
    co_return;
  }
  if (!wish.route->caller_id.empty()) {
    call.variables().set("effective_caller_id_number", wish.route->caller_id);
  }
  for (std::size_t i = 0; i < wish.route->trunks.size(); ++i) {
    const std::string& trunk = wish.route->trunks[i].text;
    auto what = call::trunk_dial_string(trunk, wish.number, false);
    what.variables.emplace_back("outbound_route", wish.route->name);
    call::DialResult dialled = co_await call::dial(call, std::move(what));
    if (dialled.winner != nullptr) {
      call.variables().set("outbound_trunk", trunk);
      co_await call::talk(call, *dialled.winner, std::move(dialled.sound));
      co_return;
    }
    if (call::is_barred(dialled.failure) && !call.leaving()) {
      co_await call::say_barred(call);
      call.end_with(std::move(dialled.failure));
      co_return;
    }
    call.note_failure(dialled.failure);
    if (call.leaving() || !call::means_try_another(dialled.failure)) {
      co_return;
    }
    const bool last = i + 1 == wish.route->trunks.size();
    switchroom::log::line(Level::warning, Subsystem::call, call.uuid(), "{} to {} by trunk {}; {}",
                          dialled.failure.cause.name, wish.number, trunk,
                          last ? "no other trunk is left" : "trying " + wish.route->trunks[i + 1].text);
  }
}

}  // namespace

Application outbound() {
  return {"outbound", "ROUTE NUMBER",
          "What an `[[outbound]]` section becomes: calls NUMBER by the route's trunks, in order, if the "
          "caller may; "
          "else it hears so and the call ends with OUTGOING_CALL_BARRED.",
          check_outbound, run_outbound};
}

}  // namespace switchroom::apps
