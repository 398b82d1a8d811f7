// The header of our WAV files. Pure.
#pragma once

#include "recording/file/sound_writer.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace switchroom::recording {

using WavHeader = std::array<std::uint8_t, 80>;

/// For so many bytes of samples; beyond 4 GiB it is that of RF64 (EBU Tech 3306), for which it always has
/// room.
WavHeader wav_header(const SoundFormat& format, std::uint64_t data);
/// The format of a header that wav_header() made, whatever its sizes say.
std::optional<SoundFormat> format_in(const WavHeader& header);

}  // namespace switchroom::recording
