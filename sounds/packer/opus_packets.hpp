// Sound to the packets of a pack.
#pragma once

#include "voices.hpp"

#include <string>

namespace packer {

struct Packets {
  std::string bytes;      // as src/sounds/pack_format.hpp has them
  std::size_t samples{};  // of sound
};

/// Samples that a decoder gives before the sound begins.
unsigned run_in();
/// `bits_per_second`: on average.
Packets compress(const Samples& sound, int bits_per_second, bool music);

}  // namespace packer
