// Calls that are not allowed, as the caller hears it.
#pragma once

#include "base/asio.hpp"
#include "call/ending.hpp"

#include <string>

namespace switchroom::call {

class Call;

/// Was it this exchange that did not let the call out (permission, hours, caps)?
bool is_barred(const Ending& ending);
Ending barred();

/// The caller hears that he may not call this number, before or after an answer. On the call's coroutine.
awaitable<void> say_barred(Call& call);

}  // namespace switchroom::call
