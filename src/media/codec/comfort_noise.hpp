// Silence that is not dead: RFC 3389.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace switchroom::media {

inline constexpr std::size_t noise_order = 10;                     // reflection coefficients at most
inline constexpr std::size_t max_noise_payload = 1 + noise_order;  // bytes

/// Makes the noise that a payload describes: white noise of its level through the lattice filter of its
/// reflection coefficients. Any rate; level changes are smoothed. One stream.
class ComfortNoise {
 public:
  /// A payload: the level in -dBov, then coefficients. Nothing changes when it is empty.
  void describe(std::span<const std::uint8_t> payload);
  void make(std::span<std::int16_t> pcm);

 private:
  float wanted_ = 0;  // amplitude of the excitation
  float now_ = 0;
  std::array<float, noise_order> reflections_{};
  std::array<float, noise_order + 1> memory_{};
  std::uint32_t random_ = 0x2545F491;
};

/// Describes background noise in a payload: its level alone when it is white, else its spectrum too.
/// Returns the bytes written.
std::size_t write_comfort_noise(std::span<const std::int16_t> pcm,
                                std::span<std::uint8_t, max_noise_payload> payload);

}  // namespace switchroom::media
