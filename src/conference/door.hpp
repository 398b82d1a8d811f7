// Before the room: on what terms a call comes to it, and whether it is let in.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "conference/flags.hpp"
#include "conference/request.hpp"
#include "config/conference_settings.hpp"

#include <optional>

namespace switchroom::call {
class Call;
}

namespace switchroom::conference {

class Rooms;

struct Admission {
  config::Conference profile;  // as this call sees it: the room's own once that is there
  MemberFlags flags;
  base::Time hash_until;  // a # until then belongs to the PIN
};

/// Reads the profile and the call's flags, asks for the PIN, says what turns the call away. Nothing: it is
/// not let in, or its caller has hung up; conference_result says why. On the call's coroutine.
awaitable<std::optional<Admission>> pass_door(call::Call& call, const Rooms& rooms, const Request& request);

/// Sets conference_result.
void conclude(call::Call& call, const char* result);

}  // namespace switchroom::conference
