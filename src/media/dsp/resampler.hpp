// From one sampling rate to another.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

struct SpeexResamplerState_;

namespace switchroom::media {

/// Band-limited conversion between 8000, 16000, 24000, 32000 and 48000 Hz (speexdsp), mono. Equal rates
/// cost a copy. No allocation after construction; a 20 ms frame in gives exactly a 20 ms frame out, the
/// filter's delay (under 2 ms) being filled with silence at the start.
class Resampler {
 public:
  Resampler(unsigned from, unsigned to);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  [[nodiscard]] unsigned from() const { return from_; }
  [[nodiscard]] unsigned to() const { return to_; }
  /// `out.size() * from() == in.size() * to()`, and `in` a multiple of 1 ms.
  void convert(std::span<const std::int16_t> in, std::span<std::int16_t> out);
  void reset();

 private:
  struct Free {
    void operator()(SpeexResamplerState_* state) const;
  };
  unsigned from_;
  unsigned to_;
  std::unique_ptr<SpeexResamplerState_, Free> state_;
};

}  // namespace switchroom::media
