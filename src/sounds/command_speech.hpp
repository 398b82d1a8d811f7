// Speech by a program of the administrator's choice.
#pragma once

#include "base/result.hpp"
#include "config/sounds_settings.hpp"
#include "media/sound.hpp"

#include <atomic>
#include <filesystem>
#include <string>

namespace switchroom::sounds {

/// What is said, and how.
struct Utterance {
  std::string text;
  std::string voice;
  std::string language;
};

/// Runs `settings.command` with the text on its standard input, or takes what it made of the same utterance
/// earlier from `cache` (a folder, made when it is missing, kept below settings.cache bytes). Blocks until
/// the command has ended, settings.timeout is over or `stop` is set, in which cases its process group is
/// killed. For a worker thread. The error is a sentence with the end of what the command complained of.
base::result<media::SoundPtr> speak_with_command(const config::Speech& settings, const Utterance& utterance,
                                                 const std::filesystem::path& cache,
                                                 const std::atomic<bool>& stop);

}  // namespace switchroom::sounds
