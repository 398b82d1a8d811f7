// What `trunk/NAME/NUMBER` leads to.
#pragma once

#include "call/targets.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

/// "trunk/itsp/4930123456" taken apart.
struct TrunkNumber {
  std::string trunk;
  std::string number;
};
/// The call to a number by a trunk, added to `targets`: its places (SRV) are tried by the leg itself. A trunk
/// that is down is passed over at once, with a line in the log, unless its variable trunk_even_if_down is
/// true; then, and when it cannot be found, `targets.failure` says so (NETWORK_OUT_OF_ORDER). On the call's
/// coroutine.
awaitable<void> find_trunk_targets(Call& call, TrunkNumber what, Variables variables, Targets* targets);
/// trunk/NAME/NUMBER for dial(). `even_if_down`: it is tried whatever is known of it.
dialplan::DialString trunk_dial_string(const std::string& trunk, const std::string& number,
                                       bool even_if_down);

/// The names in their order, but those that are down last.
std::vector<std::string> good_trunks_first(const Call& call, const std::vector<config::Placed>& trunks);

/// Why such a target can never work, or empty. A part with a `$` is left to the call.
std::string check_trunk_number(const TrunkNumber& what, const config::Snapshot& config);

/// Does this failure mean that another trunk may do better? Trouble on the way does; busy, no answer,
/// declined, and a number that does not exist do not.
bool means_try_another(const Ending& failure);

/// The number that the outside sees: what the dialplan set (effective_caller_id_number), the extension's own
/// outside number, else empty for an extension that has none (the account stands there then), and for calls
/// that came from outside the number that they came with.
std::string outside_number(const Call& call);

}  // namespace switchroom::call
