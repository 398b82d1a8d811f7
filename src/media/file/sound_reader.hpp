// One open sound file, whatever its format: floating-point samples, a piece at a time.
#pragma once

#include "base/result.hpp"
#include "media/sound.hpp"

#include <filesystem>
#include <memory>
#include <span>

namespace switchroom::media {

/// Reads in the calling thread.
class SoundReader {
 public:
  SoundReader() = default;
  SoundReader(const SoundReader&) = delete;
  SoundReader& operator=(const SoundReader&) = delete;
  virtual ~SoundReader() = default;

  [[nodiscard]] virtual unsigned rate() const = 0;      // Hz, from lowest_rate to highest_rate
  [[nodiscard]] virtual unsigned channels() const = 0;  // at least one
  /// Fills `interleaved`, of whole frames; how many frames it filled, 0 at the end or where nothing more can
  /// be read. Samples are between -1 and 1 in a file that is right, and anything in another.
  virtual std::size_t read(std::span<float> interleaved) = 0;
  /// At the end: less was there than the file's header says.
  [[nodiscard]] virtual bool truncated() const { return false; }
  /// The same before anything was read, as far as can be seen without reading everything; ends the reading.
  virtual bool lacks_end() { return truncated(); }
};
using SoundReaderPtr = std::unique_ptr<SoundReader>;

/// Takes `descriptor` over, also when it fails.
using OpenReader = base::result<SoundReaderPtr, SoundError>;
/// What libsndfile knows: WAV, AIFF, FLAC, Ogg Vorbis and Opus, raw by name.
OpenReader open_with_sndfile(int descriptor, const std::filesystem::path& name);
OpenReader open_mp3(int descriptor);
/// Raw G.722 at 64 kbit/s.
OpenReader open_g722(int descriptor);

/// A regular file of any of these; anything else (a directory, a FIFO that would block) is no sound.
OpenReader open_sound(const std::filesystem::path& file);

}  // namespace switchroom::media
