// Sums that are too loud, turned down.
#pragma once

#include <cstdint>
#include <span>

namespace switchroom::media {

/// Keeps a sum of voices within 16 bits by turning all of it down: before the peak within the frame where
/// there is time for that, and up again slowly. What still sticks out at the very beginning of a frame is
/// bent, not cut. One stream of sound; a frame at a time, no memory of samples and no delay.
class Limiter {
 public:
  void apply(std::span<const std::int32_t> sum, std::span<std::int16_t> out);
  [[nodiscard]] float gain() const { return gain_; }
  /// Goes on where another one is: the sound is nearly the same.
  void follow(const Limiter& other) { gain_ = other.gain_; }

 private:
  float gain_ = 1;
};

}  // namespace switchroom::media
