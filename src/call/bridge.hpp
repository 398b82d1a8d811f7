// Two legs that talk: their sound is linked, their re-negotiations are carried across.
#pragma once

#include "call/leg.hpp"
#include "media/engine.hpp"

#include <memory>

namespace switchroom::call {

class Call;

/// Answers the caller for `callee` (who has answered), links their sound and stays until either hangs up
/// or the call is told to end. `sound` is the link of a callee that was heard while it rang: it stays, so
/// that the answer interrupts nothing. When the callee hangs up the call ends, or, with the variable
/// hangup_after_bridge set to `false`, the caller stays, and bridge_hangup_cause and
/// last_bridge_hangup_cause say why. On the call's coroutine; the link is undone by unwinding.
awaitable<void> talk(Call& call, Leg& callee, std::unique_ptr<media::Link> sound);

}  // namespace switchroom::call
