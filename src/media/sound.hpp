// Sound that is played: in memory, shared, read from files off the media threads.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "media/dsp/tone.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace switchroom::media {

/// Immutable once made; mono, 16 bit.
struct Sound {
  unsigned rate = 8000;  // Hz: 8000, 16000, 24000 or 48000
  std::vector<std::int16_t> samples;
  bool truncated = false;  // its file says that there should be more
  [[nodiscard]] base::Duration length() const {
    return std::chrono::milliseconds(samples.size() * 1000 / rate);
  }
};
/// Shared by all who play it, on several media threads, and by the cache.
using SoundPtr = std::shared_ptr<const Sound>;

struct Silence {
  base::Duration length{};  // zero: for ever
};
/// Sound that goes round and round, and that all who hear it hear at the same point, whenever they came.
struct SharedStream {
  SoundPtr sound;
};
/// One thing after another.
using PlayItem = std::variant<SoundPtr, ToneScript, Silence, SharedStream>;
using PlayList = std::vector<PlayItem>;

/// The sound of an item that has one, else null.
inline const Sound* sound_of(const PlayItem& item) {
  const auto* const stream = std::get_if<SharedStream>(&item);
  const SoundPtr* const sound = stream != nullptr ? &stream->sound : std::get_if<SoundPtr>(&item);
  return sound == nullptr ? nullptr : sound->get();
}

enum class SoundError : std::uint8_t { missing, unreadable, not_sound, too_long, truncated };
std::string_view describe(SoundError error);

/// Whether the file can be opened, is of a known format and as long as it says, without reading all of it.
std::optional<SoundError> check_sound(const std::filesystem::path& file);

/// Reads a sound file (WAV, AIFF, FLAC, Ogg Opus and Vorbis, MP3, and raw telephony formats by name) in the
/// calling thread: mono at its own rate or, where that is above `rate` or none that Sound knows, at the
/// nearest lower one (8000 to 48000).
base::result<SoundPtr, SoundError> read_sound(const std::filesystem::path& file, unsigned rate,
                                              base::Duration longest);

}  // namespace switchroom::media
