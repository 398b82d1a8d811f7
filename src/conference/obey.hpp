// What a member's keys do.
#pragma once

#include "base/asio.hpp"
#include "conference/controls.hpp"

namespace switchroom::call {
class Call;
}

namespace switchroom::conference {

struct Member;
class Room;

/// On the coroutine of the member's call, which waits where the control runs an application.
awaitable<void> obey(call::Call& call, Room& room, Member& member, const Control& control);

}  // namespace switchroom::conference
