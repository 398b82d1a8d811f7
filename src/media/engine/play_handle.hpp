// What the call thread's Playback and the media thread's Player share.
#pragma once

#include "media/engine/player.hpp"

#include <functional>
#include <memory>

namespace switchroom::media {

/// Shared by a Playback (call thread) and the stream that plays, since either may go first.
struct PlayHandle {
  std::shared_ptr<PlayProgress> progress = std::make_shared<PlayProgress>();
  std::function<void()> on_end;  // call thread alone; emptied when the Playback goes
};

}  // namespace switchroom::media
