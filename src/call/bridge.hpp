// Two legs that talk: their sound is linked, their re-negotiations are carried across.
#pragma once

#include "call/leg.hpp"

namespace switchroom::call {

class Call;

/// Answers the caller for `callee` (who has answered), links their sound and stays until either hangs up
/// or the call is told to end. On the call's coroutine; the link is undone by unwinding.
awaitable<void> talk(Call& call, Leg& callee);

}  // namespace switchroom::call
