#include "media/dsp/level.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace switchroom::media {
namespace {

constexpr float knee = 24576;  // three quarters of full scale: below it nothing is bent
constexpr float full = 32767;

/// Above the knee the curve goes on smoothly and never reaches full scale.
float bent(float sample) {
  const float size = std::fabs(sample);
  if (size <= knee) {
    return sample;
  }
  const float over = (size - knee) / (full - knee);
  return std::copysign(knee + (full - knee) * over / (1 + over), sample);
}

}  // namespace

float gain_of_db(double db) { return db == 0 ? 1.0F : static_cast<float>(std::pow(10.0, db / 20)); }

void Gain::change(double db) { wanted_ = gain_of_db(std::clamp(db, -60.0, 40.0)); }

void Gain::change_factor(float factor) { wanted_ = std::clamp(factor, 0.001F, 100.0F); }

unsigned mean_amplitude(std::span<const std::int16_t> pcm) {
  std::uint32_t sum = 0;
  for (const std::int16_t sample : pcm) {
    sum += static_cast<std::uint32_t>(std::abs(static_cast<int>(sample)));
  }
  return pcm.empty() ? 0 : sum / static_cast<std::uint32_t>(pcm.size());
}

std::int16_t softly_limited(float sample) { return static_cast<std::int16_t>(std::lround(bent(sample))); }

void Gain::apply(std::span<std::int16_t> pcm) {
  if (pcm.empty() || !changes_anything()) {
    return;
  }
  const float step = (wanted_ - now_) / static_cast<float>(pcm.size());
  float gain = now_;
  for (std::int16_t& sample : pcm) {
    gain += step;
    sample = static_cast<std::int16_t>(std::lround(bent(gain * static_cast<float>(sample))));
  }
  now_ = wanted_;
}

void ramp(std::span<std::int16_t> pcm, float from, float to) {
  const float step = (to - from) / static_cast<float>(std::max<std::size_t>(pcm.size(), 1));
  float gain = from;
  for (std::int16_t& sample : pcm) {
    gain += step;
    sample = static_cast<std::int16_t>(std::lround(gain * static_cast<float>(sample)));
  }
}

double level_dbm0(std::span<const std::int16_t> pcm) {
  double energy = 0;
  for (const std::int16_t sample : pcm) {
    energy += static_cast<double>(sample) * sample;
  }
  if (pcm.empty() || energy <= 0) {
    return -96;
  }
  const double full_scale_sine = 32768.0 * 32768.0 / 2;
  return 10 * std::log10(energy / static_cast<double>(pcm.size()) / full_scale_sine) + 3.14;
}

}  // namespace switchroom::media
