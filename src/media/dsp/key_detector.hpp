// Key presses heard as tones (ITU-T Q.23, Q.24).
#pragma once

#include "media/dsp/resampler.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace switchroom::media {

/// Finds DTMF in sound, 0 to -36 dBm0, and leaves speech alone (docs/media.md has the figures). One
/// stream; media thread; no allocation after construction.
class KeyDetector {
 public:
  explicit KeyDetector(unsigned rate);  // Hz of what hear() takes
  ~KeyDetector();
  KeyDetector(const KeyDetector&) = delete;
  KeyDetector& operator=(const KeyDetector&) = delete;

  /// What happened in these samples: at most one key began and one ended.
  struct Change {
    std::optional<char> began;
    bool ended = false;  // the one that sounded before `began`
  };
  Change hear(std::span<const std::int16_t> pcm);
  [[nodiscard]] bool sounding() const;  // a key is being heard now, or is about to be recognised

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace switchroom::media
