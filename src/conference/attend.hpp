// A call's way through a conference: the door, the PIN, the room, the next one.
#pragma once

#include "base/asio.hpp"
#include "conference/request.hpp"

namespace switchroom::call {
class Call;
}

namespace switchroom::conference {

class Rooms;

/// Answers the caller and takes it to the room that `request` names, until it leaves, is sent away or hangs
/// up. What became of it is in the variable conference_result: left, kicked, ended, locked, full, wrong_pin,
/// no_profile. On the call's coroutine.
awaitable<void> attend(call::Call& call, Rooms& rooms, Request request);

}  // namespace switchroom::conference
