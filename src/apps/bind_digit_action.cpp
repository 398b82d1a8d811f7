// bind_digit_action, digit_action_set_realm, clear_digit_action: keys that act whatever the call does.
#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/digit_actions.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

std::string check_bind(std::string_view argument, const config::Snapshot& config) {
  const auto binding = call::parse_digit_binding(argument);
  if (!binding) {
    return is_computed(argument) ? std::string() : binding.error().what;
  }
  if (is_computed(binding->application)) {
    return {};
  }
  return check_action({binding->application, binding->argument, {}}, config);
}

/// Variables in realm and digits count as they are now, those in the action as they will be.
std::string with_digits_expanded(const call::Call& call, const std::string& argument) {
  const auto first = argument.find(',');
  const auto second = first == std::string::npos ? first : argument.find(',', first + 1);
  return second == std::string::npos ? argument
                                     : call.expanded(argument.substr(0, second)) + argument.substr(second);
}

awaitable<void> run_bind(call::Call& call, std::string argument) {
  auto binding = call::parse_digit_binding(with_digits_expanded(call, argument));
  if (!binding) {
    switchroom::log::line(switchroom::log::Level::error, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "bind_digit_action: {}", binding.error().what);
    co_return;
  }
  call.digit_actions().bind(std::move(*binding), call.acting_side());
  call.listen_for_bound_keys();
}

/// "REALM[,self|peer|both]".
std::pair<std::string, call::Legs> realm_and_legs(std::string_view argument) {
  const auto comma = argument.rfind(',');
  const auto legs =
      comma == std::string_view::npos ? std::nullopt : call::parse_legs(argument.substr(comma + 1));
  return {std::string(legs ? argument.substr(0, comma) : argument), legs.value_or(call::Legs{true, false})};
}

template <class Do>
void for_sides(call::Call& call, const call::Legs& legs, const Do& what) {
  if (legs.self) {
    what(call.acting_side());
  }
  if (legs.peer) {
    what(call::other_side(call.acting_side()));
  }
  call.listen_for_bound_keys();
}

std::string check_realm(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() ? "it takes a realm, and whose keys it is for: REALM[,self|peer|both]" : "";
}

awaitable<void> run_set_realm(call::Call& call, std::string argument) {
  const auto [realm, legs] = realm_and_legs(argument);
  for_sides(call, legs,
            [&, name = realm](call::Side side) { call.digit_actions().choose_realm(name, side); });
  co_return;
}

awaitable<void> run_clear(call::Call& call, std::string argument) {
  const auto [realm, legs] = realm_and_legs(argument);
  for_sides(call, legs, [&, name = realm](call::Side side) { call.digit_actions().clear(name, side); });
  co_return;
}

}  // namespace

Application bind_digit_action() {
  return {"bind_digit_action", "REALM,DIGITS|~PATTERN,exec:APPLICATION[,ARGUMENT][,LEG[,LEG]]",
          "From now on these keys run the application, whatever the call does, also in a conversation. The "
          "first LEG (`self`, `peer` or `both`; self when there is none) is whose keys count, the second who "
          "gets it, seen from who pressed. In a conversation the other side hears the keys, too; to somebody "
          "who is alone they mean nothing else. Of several realms the first counts until "
          "`digit_action_set_realm`; `bind_digit_digit_timeout` (1500 ms) is the time for the next key. "
          "Variables in "
          "ARGUMENT are replaced when it runs; `last_matching_digits` is what was pressed.",
          check_bind, run_bind};
}

Application digit_action_set_realm() {
  return {"digit_action_set_realm", "REALM[,LEG]",
          "Only the bindings of this realm count from now on; `none` is a realm without any.", check_realm,
          run_set_realm};
}

Application clear_digit_action() {
  return {"clear_digit_action", "REALM|all[,LEG]", "Forgets the bindings of a realm, or all.", check_realm,
          run_clear};
}

}  // namespace switchroom::apps
