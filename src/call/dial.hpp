// Ringing: from a dial string to the one leg that answered.
#pragma once

#include "call/ending.hpp"
#include "call/leg.hpp"
#include "media/engine.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::call {

class Call;

/// Whom a dial string names: every contact of `user/1002`, the place of `sip:bob@192.0.2.7`, several
/// with commas between them. `failure` is why there is nobody to ring, when `legs` is empty.
struct Targets {
  std::vector<LegTarget> legs;
  std::optional<Ending> failure;
};

/// Looks up bindings, and names by DNS (the dialplan's own targets only, never what a stranger wrote).
awaitable<Targets> find_targets(Call& call, std::string dial_string);

/// The dial string ("user/1003") for the contacts of a 3xx that are extensions of this exchange, or empty. No
/// other place is called: a phone that was stolen would run up bills anywhere, in its owner's name.
std::string redirection_of(Call& call, const sip::SessionEnd& end);

/// The extension that "user/1002" names; nullptr for anything else.
const config::Extension* extension_called(std::string_view target, const config::Snapshot& config);

/// Why a dial string can never work, or empty; for `switchroom check`.
std::string check_dial_string(std::string_view dial_string);

struct DialResult {
  Leg* winner = nullptr;               // not owned: the call's
  Ending failure;                      // when nobody answered
  std::unique_ptr<media::Link> sound;  // of a winner that could be heard while it rang
};

/// Rings all targets at once; the first to answer wins, the others get CANCEL with a reason. The
/// variable call_timeout says for how long (seconds, default 60). The caller hears 180, or the sound
/// of the one phone that rings with sound. On the call's coroutine; cancellation leaves the legs to
/// the call's goodbye.
awaitable<DialResult> dial(Call& call, Targets targets);

}  // namespace switchroom::call
