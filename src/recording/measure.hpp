// What is in a sound file that somebody left behind.
#pragma once

#include "base/result.hpp"
#include "recording/file/sound_writer.hpp"

#include <cstdint>
#include <filesystem>

namespace switchroom::recording {

struct Measured {
  std::uint64_t frames = 0;  // samples of one channel
  unsigned rate = 0;
  unsigned channels = 0;
  [[nodiscard]] std::int64_t length_ms() const {
    return rate == 0 ? 0 : static_cast<std::int64_t>(frames * 1000 / rate);
  }
};

/// Decodes the whole file and counts, as a player hears it (an MP3 without the encoder's own delay and
/// padding). Blocks.
base::result<Measured> measure(const std::filesystem::path& file, Format format);

/// A WAV file of ours (wav_writer.cpp) that a killed process left: its header is made to tell of all that is
/// in it. False: it is none, or there is nothing to mend.
base::result<bool> mend_wav(const std::filesystem::path& file);

}  // namespace switchroom::recording
