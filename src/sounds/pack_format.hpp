// How prompts lie in the executable: what sounds/packer writes and sounds/pack.hpp reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchroom::sounds {

// A pack is, all numbers little-endian:
//   magic; u32 number of prompts; u32 samples that the decoder needs to run in (dropped at the beginning)
//   for each prompt, sorted by name: u16 length of its name, the name, u32 where its packets begin
//     (from the pack's beginning), u32 how many bytes they are, u32 samples
//   the packets: u16 length, an Opus packet of 20 ms, mono
// Two names may have the same packets.
inline constexpr std::string_view pack_magic = "SRPACK1\n";
inline constexpr unsigned pack_rate = 16000;    // Hz of all samples in a pack
inline constexpr std::size_t pack_frame = 320;  // samples of a packet: 20 ms

}  // namespace switchroom::sounds
