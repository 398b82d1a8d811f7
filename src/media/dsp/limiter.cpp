#include "media/dsp/limiter.hpp"

#include "media/dsp/level.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace switchroom::media {
namespace {

constexpr float full_scale = 32767;
constexpr float ceiling = 31000;      // where sums are brought to, half a dB below
constexpr std::size_t parts = 8;      // of a frame: 2.5 ms of 20
constexpr float recovery = 1.00731F;  // for each part: 6 dB in a quarter of a second

using Bounds = std::array<float, parts>;

/// How loud each part may be made; returns the least of it.
float find_bounds(std::span<const std::int32_t> sum, Bounds& bounds) {
  float least = 1;
  const std::size_t length = sum.size() / parts;
  for (std::size_t part = 0; part < parts; ++part) {
    std::int32_t peak = 1;
    for (const std::int32_t sample : sum.subspan(part * length, length)) {
      peak = std::max(peak, std::abs(sample));
    }
    bounds[part] = std::min(1.0F, ceiling / static_cast<float>(peak));
    least = std::min(least, bounds[part]);
  }
  return least;
}

}  // namespace

void Limiter::apply(std::span<const std::int32_t> sum, std::span<std::int16_t> out) {
  Bounds bounds;
  if (find_bounds(sum, bounds) == 1 && gain_ == 1) {
    std::ranges::transform(sum, out.begin(), [](std::int32_t one) { return static_cast<std::int16_t>(one); });
    return;
  }
  const std::size_t length = sum.size() / parts;
  for (std::size_t part = 0; part < parts; ++part) {
    const float next = part + 1 < parts ? bounds[part + 1] : 1;
    const float to = std::min({bounds[part], next, gain_ * recovery, 1.0F});
    const float step = (to - gain_) / static_cast<float>(length);
    for (std::size_t i = 0; i < length; ++i) {
      gain_ += step;
      const std::size_t at = part * length + i;
      const float sample = gain_ * static_cast<float>(sum[at]);
      out[at] = std::fabs(sample) <= full_scale ? static_cast<std::int16_t>(std::lround(sample))
                                                : softly_limited(sample);
    }
    gain_ = to;
  }
}

}  // namespace switchroom::media
