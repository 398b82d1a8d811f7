// The prompts inside the executable.
#pragma once

#include "sounds/pack.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sounds {

/// The prompt as users name it: "ivr/ivr-welcome.wav", "voicemail/vm-goodbye", "digits/5.wav", "beep". The
/// ending and the folders ivr, voicemail, conference, directory and misc may be left out. `language`: "en" or
/// "es", and what it lacks is taken from English. Any thread.
std::optional<PackedPrompt> find_prompt(std::string_view name, std::string_view language);
/// The same in this language alone.
std::optional<PackedPrompt> find_own_prompt(std::string_view name, std::string_view language);
/// The names of a language's prompts, in the order of the alphabet.
std::vector<std::string_view> prompt_names(std::string_view language);

/// The music inside the executable.
PackedPrompt default_music();

}  // namespace switchroom::sounds
