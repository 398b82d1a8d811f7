#include "media/codec/comfort_noise.hpp"

#include <algorithm>
#include <cmath>

namespace switchroom::media {
namespace {

constexpr float full_scale = 32768;
constexpr double quietest = 127;  // -dBov

float reflection_of(std::uint8_t byte) { return (static_cast<float>(byte) - 127.0F) / 128.0F; }

}  // namespace

void ComfortNoise::describe(std::span<const std::uint8_t> payload) {
  if (payload.empty()) {
    return;
  }
  reflections_.fill(0);
  float gain = 1;  // of the filter: the excitation is made weaker by it, so that the level is as told
  const std::size_t count = std::min(payload.size() - 1, noise_order);
  for (std::size_t i = 0; i < count; ++i) {
    reflections_[i] = std::clamp(reflection_of(payload[i + 1]), -0.98F, 0.98F);
    gain *= 1 - reflections_[i] * reflections_[i];
  }
  // Level is relative to a square wave of full scale (RFC 3389 section 3), the noise's root mean square.
  const float level = full_scale * std::pow(10.0F, -static_cast<float>(payload[0] & 0x7FU) / 20.0F);
  wanted_ = level * std::sqrt(gain) * std::sqrt(3.0F);  // uniform noise of amplitude a has a / sqrt(3)
}

void ComfortNoise::make(std::span<std::int16_t> pcm) {
  const float step = (wanted_ - now_) / static_cast<float>(std::max<std::size_t>(pcm.size(), 1));
  for (std::int16_t& sample : pcm) {
    now_ += step;
    random_ = random_ * 1664525U + 1013904223U;
    float forward = now_ * (static_cast<float>(random_ >> 8U) / 8388608.0F - 1);
    // All-pole lattice, from the last stage to the first.
    for (std::size_t stage = noise_order; stage > 0; --stage) {
      forward -= reflections_[stage - 1] * memory_[stage - 1];
      memory_[stage] = memory_[stage - 1] + reflections_[stage - 1] * forward;
    }
    memory_[0] = forward;
    sample = static_cast<std::int16_t>(std::lround(std::clamp(forward, -full_scale, full_scale - 1)));
  }
  now_ = wanted_;
}

std::size_t write_comfort_noise(std::span<const std::int16_t> pcm,
                                std::span<std::uint8_t, max_noise_payload> payload) {
  std::array<double, noise_order + 1> correlation{};
  for (std::size_t lag = 0; lag <= noise_order; ++lag) {
    for (std::size_t i = lag; i < pcm.size(); ++i) {
      correlation[lag] += static_cast<double>(pcm[i]) * pcm[i - lag];
    }
  }
  const double mean = pcm.empty() ? 0 : correlation[0] / static_cast<double>(pcm.size());
  const double level = mean > 0 ? -10 * std::log10(mean / (full_scale * full_scale)) : quietest;
  payload[0] = static_cast<std::uint8_t>(std::lround(std::clamp(level, 0.0, quietest)));
  if (mean < 1) {
    return 1;
  }
  // Levinson and Durbin.
  std::array<double, noise_order + 1> filter{1};
  double error = correlation[0] * 1.0001;
  for (std::size_t i = 1; i <= noise_order; ++i) {
    double sum = correlation[i];
    for (std::size_t j = 1; j < i; ++j) {
      sum += filter[j] * correlation[i - j];
    }
    const double reflection = -sum / error;
    auto next = filter;
    for (std::size_t j = 1; j < i; ++j) {
      next[j] = filter[j] + reflection * filter[i - j];
    }
    next[i] = reflection;
    filter = next;
    error *= 1 - reflection * reflection;
    payload[i] = static_cast<std::uint8_t>(std::lround(std::clamp(reflection * 128 + 127, 0.0, 254.0)));
  }
  return max_noise_payload;
}

}  // namespace switchroom::media
