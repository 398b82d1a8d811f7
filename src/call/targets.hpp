// From the targets of a dial string to legs that can be rung.
#pragma once

#include "call/ending.hpp"
#include "call/leg.hpp"
#include "dialplan/dial_string.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

class Call;

/// Legs to ring. `failure`: why some or all of those that were named have none; of several the one that the
/// caller should hear of.
struct Targets {
  std::vector<LegTarget> legs;
  std::optional<Ending> failure;
  void fail(const Ending& ending);
};

/// The variables that a leg begins with: those that the call exports, those of {…}, those of the target's
/// […].
Variables leg_variables(Call& call, const dialplan::Assignments& for_all, const dialplan::Assignments& own);

/// Looks up bindings, and names by DNS (the dialplan's own targets only, never what a stranger wrote).
awaitable<Targets> find_targets(Call& call, dialplan::DialRound round, dialplan::Assignments for_all);

/// Writes what all outgoing legs have in common: identity, headers, the leg's variables. The target's
/// profile and addresses are set before.
void complete_target(Call& call, LegTarget& target, Variables variables);

/// Of those the headers that variables ask for.
void write_leg_headers(Call& call, LegTarget& target);

/// The targets for the contacts of a leg's 3xx: extensions of this exchange, and, for a phone whose extension
/// has `forward_outside`, numbers that it could dial to get outside, on its account. No other place is
/// called: a phone that was stolen would run up bills anywhere, in its owner's name.
dialplan::DialRound redirection_of(Call& call, const Leg& leg);

/// Groups become their members, one after another where a ring group's strategy says so.
dialplan::DialString with_members(Call& call, dialplan::DialString what);
/// The extensions of group/NAME: a ring group's members, else all extensions with it among their `groups`.
std::vector<std::string> members_of(std::string_view group, const config::Snapshot& config);

/// The extension that "user/1002" names; nullptr for anything else.
const config::Extension* extension_called(std::string_view dial_string, const config::Snapshot& config);

/// Why a dial string can never work, or empty; for `switchroom check`.
std::string check_dial_string(std::string_view dial_string, const config::Snapshot& config);

}  // namespace switchroom::call
