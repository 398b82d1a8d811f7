// The settings of compressed files as the configuration has them.
#pragma once

#include "config/recording_settings.hpp"
#include "recording/file/sound_writer.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace switchroom::recording {

Quality quality_in(const config::Recording& settings);

/// Reads a sound file of one or two channels and writes it as MP3. Samples that were written (of one
/// channel); 0: `stop` was set. Blocks.
base::result<std::uint64_t> encode_mp3(const std::filesystem::path& wav,
                                       const std::shared_ptr<OutputFile>& out, const Quality& quality,
                                       const std::atomic<bool>& stop);

}  // namespace switchroom::recording
