// Ringing: from a dial string to the one leg that answered.
#pragma once

#include "call/ending.hpp"
#include "call/leg.hpp"
#include "dialplan/dial_string.hpp"
#include "media/engine.hpp"

#include <memory>
#include <string>

namespace switchroom::call {

class Call;

struct DialResult {
  Leg* winner = nullptr;               // not owned: the call's
  Ending failure;                      // when nobody answered
  std::unique_ptr<media::Link> sound;  // of a winner that could be heard while it rang
};

/// Rings the rounds one after the other, of each all targets at once; the first to answer wins, the others
/// get CANCEL with a reason. The variable call_timeout says for how long a round rings (seconds, default
/// 60); what a caller hears meanwhile is said at Ringback. Leaves originate_disposition, DIALSTATUS,
/// bridge_uuid and their kin in the call's variables. On the call's coroutine; cancellation leaves the legs
/// to the call's goodbye.
awaitable<DialResult> dial(Call& call, dialplan::DialString what);

/// The same from text; one that cannot be read is a failure with INVALID_NUMBER_FORMAT, and logged.
awaitable<DialResult> dial(Call& call, std::string dial_string);

}  // namespace switchroom::call
