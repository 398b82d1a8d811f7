// Music on hold: a folder's files as one long sound.
#pragma once

#include "base/result.hpp"
#include "config/sounds_settings.hpp"
#include "media/sound.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::sounds {

/// The sound files of the folder, by name.
std::vector<std::filesystem::path> music_files(const std::filesystem::path& folder);

/// All of them one after another at 16 kHz (in a random order where `shuffle` says so), an hour at most. What
/// cannot be read is logged and left out. The error is a sentence. For a worker thread.
base::result<media::SoundPtr> read_music(const config::Music& music);

/// Why the folder can never be played, or empty.
std::string check_music(const config::Music& music);

}  // namespace switchroom::sounds
