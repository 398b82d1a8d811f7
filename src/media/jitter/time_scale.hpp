// Sound made a little longer or shorter without a change of pitch. Private to jitter/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchroom::media {

/// Pure functions on samples of one rate. A pitch period, 2.5 to 10 ms of it, is left out or repeated,
/// with a cross-fade over its whole length. Silence is cut anywhere. Sound in which no period is found is
/// left as it is unless `must`.
///
/// Both look at the first 20 ms of `pcm`; less than that is left alone.
struct TimeScale {
  unsigned rate = 8000;

  /// Returns by how many samples `pcm` got shorter: its first (size - n) samples are the result.
  [[nodiscard]] std::size_t shorten(std::span<std::int16_t> pcm, bool must) const;
  /// Returns by how many samples it got longer: `out` (at least pcm.size() + 10 ms) begins with the result.
  [[nodiscard]] std::size_t lengthen(std::span<const std::int16_t> pcm, std::span<std::int16_t> out,
                                     bool must) const;

 private:
  [[nodiscard]] std::size_t period(std::span<const std::int16_t> pcm, bool must) const;
};

}  // namespace switchroom::media
