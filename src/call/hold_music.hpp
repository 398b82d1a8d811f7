// Music for one leg while the other has put it on hold.
#pragma once

#include "base/asio.hpp"
#include "media/engine.hpp"

#include <memory>

namespace switchroom::call {

class Call;
class Leg;

/// On the coroutine of `call`. Both legs outlive it.
class HoldMusic {
 public:
  HoldMusic(Call& call, Leg& holder, Leg& held) : call_(call), holder_(holder), held_(held) {}
  /// Begins or ends the music after a re-negotiation; nothing when nothing has changed.
  awaitable<void> look();

 private:
  Call& call_;
  Leg& holder_;
  Leg& held_;
  bool holds_ = false;
  std::unique_ptr<media::Playback> music_;
};

/// Music for who waits: the variable hold_music, else that of the leg's profile. What cannot be played is
/// logged; null then, and when there shall be none.
awaitable<std::unique_ptr<media::Playback>> play_hold_music(Call& call, Leg& held);

}  // namespace switchroom::call
