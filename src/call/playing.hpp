// Playing to a leg while its call waits for the end, or for a key.
#pragma once

#include "base/asio.hpp"
#include "media/sound.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::call {

class Call;
class Leg;

/// How playing ended.
struct Played {
  enum class How : std::uint8_t { to_the_end, by_key, broken_off } how = How::to_the_end;
  char key = 0;  // that ended it
};

/// Plays `list` to `leg` until its end, a press of one of `keys`, or the end of the call (broken_off).
/// Other presses stay in the leg's queue. On the call's coroutine.
awaitable<Played> play(Call& call, Leg& leg, media::PlayList list, std::string_view keys);

/// The same to the caller with what `sounds` names (call/sounds.hpp); what cannot be played is logged and
/// left out.
awaitable<Played> play_sounds(Call& call, std::string sounds, std::string keys);

/// The keys that the variable playback_terminators names: "none", "any", or the keys themselves; "*" when it
/// is not set.
std::string_view terminators(std::string_view variable);

}  // namespace switchroom::call
