// The synthesiser inside the executable.
#pragma once

#include "base/result.hpp"
#include "media/sound.hpp"

#include <string>
#include <string_view>

namespace switchroom::sounds {

/// What flite's voice ("slt", or "kal", which sounds like a robot) makes of an English text. A second of
/// sound takes some 50 ms of CPU time. One thread at a time.
base::result<media::SoundPtr> speak_with_flite(const std::string& text, std::string_view voice);
bool is_flite_voice(std::string_view name);

}  // namespace switchroom::sounds
