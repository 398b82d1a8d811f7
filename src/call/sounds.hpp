// What dialplan and configuration name as sound: files, prompts, speech, numbers and dates, tones, silence.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "media/sound.hpp"
#include "sounds/library.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace switchroom::call {

class Call;
class Variables;

/// One thing to play, as it was named.
using SoundName = std::variant<std::filesystem::path, sounds::Prompt, sounds::Text, sounds::Music,
                               media::ToneScript, media::Silence>;

/// Several joined by "!" of: "greeting.wav" or "ivr/ivr-welcome.wav" (a file under [media] sounds, else a
/// prompt inside the executable), "say:TEXT", "number:42" and the other kinds of sounds/phrases.hpp,
/// "tone_stream:%(200,100,440)", "tone:busy" (or "tone:ring,gb"), "music:NAME" (or local_stream://NAME),
/// "silence:500" (milliseconds). "://" means the same as ":", and file_string:// is left out. A "!" before a
/// blank or at the end of a text belongs to it. `language`: "" for that of the configuration. The error is a
/// sentence.
base::result<std::vector<SoundName>> parse_sounds(std::string_view text, const config::Snapshot& config,
                                                  std::string_view language = {});

/// The language that a call is spoken to in: the variable `language` (or FreeSWITCH's `default_language`),
/// else the configuration's.
std::string language_of(const Variables& variables, const config::Snapshot& config);

/// Why `text` can never be played, or empty; looks at its files. For `switchroom check`.
std::string check_sounds(std::string_view text, const config::Snapshot& config);

/// Reads what was named; `rate`: Hz of the best that the listener can hear. The error names the file.
awaitable<base::result<media::PlayList>> load_sounds(sounds::Library& library, std::vector<SoundName> names,
                                                     unsigned rate);

/// `hold_music`: as above, "default" (or local_stream://moh) for the music inside the executable, "" for
/// none.
base::result<std::vector<SoundName>> parse_hold_music(std::string_view text, const config::Snapshot& config);
std::string check_hold_music(const std::string& text, const config::Snapshot& config);

}  // namespace switchroom::call
