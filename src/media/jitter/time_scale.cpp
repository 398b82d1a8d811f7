#include "media/jitter/time_scale.hpp"

#include <algorithm>
#include <cmath>

namespace switchroom::media {
namespace {

constexpr double alike = 0.8;      // correlation of two periods of a voice
constexpr double quiet = 60 * 60;  // mean square of what nobody hears being cut

std::int16_t mixed(std::int16_t first, std::int16_t second, std::size_t i, std::size_t length) {
  const float part = static_cast<float>(i + 1) / static_cast<float>(length + 1);
  return static_cast<std::int16_t>(
      std::lround((1 - part) * static_cast<float>(first) + part * static_cast<float>(second)));
}

}  // namespace

/// The lag at which the beginning is most like what follows it; 0: leave it alone.
std::size_t TimeScale::period(std::span<const std::int16_t> pcm, bool must) const {
  const std::size_t longest = rate / 100;
  if (pcm.size() < 2 * longest) {
    return 0;
  }
  double energy = 0;
  for (const std::int16_t sample : pcm.first(2 * longest)) {
    energy += static_cast<double>(sample) * sample;
  }
  if (energy / static_cast<double>(2 * longest) < quiet) {
    return longest;
  }
  std::size_t best = 0;
  double best_score = must ? -2 : alike;
  // In steps at the higher rates: a voice's period is known well enough to a 16,000th of a second.
  const std::size_t step = std::max<std::size_t>(1, rate / 16000);
  for (std::size_t lag = rate / 400; lag <= longest; lag += step) {
    double product = 0;
    double first = 1;
    double second = 1;
    for (std::size_t i = 0; i < lag; i += step) {
      const double a = pcm[i];
      const double b = pcm[i + lag];
      product += a * b;
      first += a * a;
      second += b * b;
    }
    const double score = product / std::sqrt(first * second);
    if (score > best_score) {
      best_score = score;
      best = lag;
    }
  }
  return best;
}

std::size_t TimeScale::shorten(std::span<std::int16_t> pcm, bool must) const {
  const std::size_t lag = period(pcm, must);
  for (std::size_t i = 0; i < lag; ++i) {
    pcm[i] = mixed(pcm[i], pcm[i + lag], i, lag);
  }
  if (lag > 0) {
    std::move(pcm.begin() + static_cast<std::ptrdiff_t>(2 * lag), pcm.end(),
              pcm.begin() + static_cast<std::ptrdiff_t>(lag));
  }
  return lag;
}

std::size_t TimeScale::lengthen(std::span<const std::int16_t> pcm, std::span<std::int16_t> out,
                                bool must) const {
  const std::size_t lag = period(pcm, must);
  if (out.size() < pcm.size() + lag) {
    return 0;
  }
  // a b c… becomes a (b flowing into a) b c…
  std::ranges::copy(pcm.first(lag), out.begin());
  for (std::size_t i = 0; i < lag; ++i) {
    out[lag + i] = mixed(pcm[lag + i], pcm[i], i, lag);
  }
  std::ranges::copy(pcm.subspan(lag), out.begin() + static_cast<std::ptrdiff_t>(2 * lag));
  return lag;
}

}  // namespace switchroom::media
