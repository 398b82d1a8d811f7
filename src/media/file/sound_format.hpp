// What is known of a sound file before, or without, its header.
#pragma once

#include <filesystem>
#include <sndfile.h>

namespace switchroom::media {

// Hz; a header that says more or less is no sound file's.
inline constexpr int lowest_rate = 1000;
inline constexpr int highest_rate = 384000;

/// Files without a header are known by their extension: .ulaw .alaw .gsm (8 kHz), .sln .sln16 .sln48 (16 bit
/// linear, little-endian), .raw .r8 .r16 .r24 .r48 (the same, by other names). Empty for all others.
SF_INFO headerless_format(const std::filesystem::path& path);

/// The rate of a Sound that is made of a file: the file's own, or the nearest lower one of 8000, 16000, 24000
/// and 48000 Hz that is not above `wanted`; never below 8000.
unsigned playing_rate(unsigned own, unsigned wanted);

}  // namespace switchroom::media
