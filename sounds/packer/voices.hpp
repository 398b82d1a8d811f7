// Where the sound of a prompt comes from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace packer {

using Samples = std::vector<std::int16_t>;  // 16 kHz, mono

/// A file of G.722, as Debian's packages of recordings have them, times `gain`. Throws a sentence.
Samples read_recording(const std::filesystem::path& file, double gain);

/// Music that goes round without a pause in which one would think the line dead.
Samples without_silence(const Samples& music);

/// Says `text`: with flite's voice slt for English, with espeak-ng's `voice` otherwise. As loud as the
/// recordings, without the silence around it. Throws a sentence.
Samples speak(const std::string& text, const std::string& language);

}  // namespace packer
