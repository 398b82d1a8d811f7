// Collecting what a caller types.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "media/sound.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace switchroom::call {

class Call;

struct DigitRules {
  std::size_t most = 1;
  base::Duration first = std::chrono::seconds(10);  // from the end of the prompt to the first key
  base::Duration between = std::chrono::seconds(2);
  std::string terminators = "#";
  /// Is this all that can follow (a menu's key of which no longer one begins the same)? May be empty.
  std::function<bool(std::string_view typed)> complete;
};

struct Typed {
  std::string digits;
  char terminator = 0;  // that ended it; 0: it was long enough, or time was over
  bool over = false;    // the call has ended
};

/// Plays `prompt` to the caller and collects keys, typed ahead or typed now; the first one ends the prompt.
/// On the call's coroutine.
awaitable<Typed> collect_digits(Call& call, media::PlayList prompt, DigitRules rules);

/// Loads what `sounds` names and collects as above; a prompt that cannot be played is logged and left out.
awaitable<Typed> ask_for_digits(Call& call, std::string sounds, DigitRules rules);

}  // namespace switchroom::call
