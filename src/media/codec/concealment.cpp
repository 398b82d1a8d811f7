#include "media/codec/concealment.hpp"

#include <algorithm>
#include <cmath>

namespace switchroom::media {
namespace {

constexpr unsigned history_ms = 50;
// Pitch is looked for between 66 and 400 Hz, by comparing the last 12 ms.
constexpr unsigned lowest_pitch = 66;
constexpr unsigned highest_pitch = 400;
constexpr unsigned compared_ms = 12;
// Full for 10 ms, silent after 60.
constexpr unsigned full_ms = 10;
constexpr unsigned silent_ms = 60;
constexpr unsigned return_ms = 5;

std::size_t samples(unsigned rate, unsigned ms) { return static_cast<std::size_t>(rate) * ms / 1000; }

}  // namespace

Concealment::Concealment(unsigned rate)
    : rate_(rate), history_(samples(rate, history_ms)), cycle_(samples(rate, history_ms)) {}

void Concealment::remember(std::span<const std::int16_t> pcm) {
  const std::size_t size = history_.size();
  if (pcm.size() >= size) {
    std::ranges::copy(pcm.last(size), history_.begin());
    return;
  }
  std::move(history_.begin() + static_cast<std::ptrdiff_t>(pcm.size()), history_.end(), history_.begin());
  std::ranges::copy(pcm, history_.end() - static_cast<std::ptrdiff_t>(pcm.size()));
}

void Concealment::heard(std::span<std::int16_t> pcm) {
  if (made_ > 0) {
    const std::size_t length = std::min(pcm.size(), samples(rate_, return_ms));
    for (std::size_t i = 0; i < length; ++i) {
      const float real = static_cast<float>(i + 1) / static_cast<float>(length + 1);
      pcm[i] =
          static_cast<std::int16_t>(std::lround(real * static_cast<float>(pcm[i]) + (1 - real) * made_up()));
    }
    made_ = 0;
  }
  anything_ = true;
  remember(pcm);
}

/// The lag at which the end of the history looks most like what stood before it.
std::size_t Concealment::find_period() const {
  const std::size_t window = samples(rate_, compared_ms);
  const std::size_t longest = std::min<std::size_t>(rate_ / lowest_pitch, history_.size() - window);
  const std::int16_t* const last = history_.data() + history_.size() - window;
  std::size_t best = rate_ / highest_pitch;
  double best_score = -1;
  for (std::size_t lag = rate_ / highest_pitch; lag <= longest; ++lag) {
    double product = 0;
    double energy = 1;
    for (std::size_t i = 0; i < window; ++i) {
      const double before = last[static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(lag)];
      product += last[i] * before;
      energy += before * before;
    }
    const double score = product / std::sqrt(energy);
    if (score > best_score) {
      best_score = score;
      best = lag;
    }
  }
  return best;
}

void Concealment::begin() {
  const std::size_t period = find_period();
  // At least 10 ms are repeated, since one short period alone buzzes.
  cycle_size_ = std::min(cycle_.size(), period * (1 + samples(rate_, full_ms) / period));
  const std::size_t quarter = std::min(period / 4, history_.size() - cycle_size_);
  const auto from = history_.end() - static_cast<std::ptrdiff_t>(cycle_size_);
  std::copy(from, history_.end(), cycle_.begin());
  // The end of the cycle flows over into its beginning: it is blended with what stood before the cycle.
  for (std::size_t i = 0; i < quarter; ++i) {
    const float part = static_cast<float>(i + 1) / static_cast<float>(quarter + 1);
    const auto back = static_cast<std::ptrdiff_t>(quarter - i);
    std::int16_t& sample = cycle_[cycle_size_ - quarter + i];
    sample = static_cast<std::int16_t>(
        std::lround((1 - part) * static_cast<float>(sample) + part * static_cast<float>(*(from - back))));
  }
  at_ = 0;
}

float Concealment::made_up() {
  const auto full = static_cast<float>(samples(rate_, full_ms));
  const auto silent = static_cast<float>(samples(rate_, silent_ms));
  const float gain = std::clamp((silent - static_cast<float>(made_)) / (silent - full), 0.0F, 1.0F);
  const auto sample = static_cast<float>(cycle_[at_]);
  at_ = at_ + 1 == cycle_size_ ? 0 : at_ + 1;
  ++made_;
  return gain * sample;
}

void Concealment::conceal(std::span<std::int16_t> pcm) {
  if (!anything_) {
    std::ranges::fill(pcm, std::int16_t{0});
    return;
  }
  std::size_t i = 0;
  if (made_ == 0) {
    begin();
    // What was heard last goes over into the cycle, whose end was blended: a few samples of both.
    const std::size_t length = std::min(pcm.size(), samples(rate_, 1));
    const float last = history_.back();
    for (; i < length; ++i) {
      const float part = static_cast<float>(i + 1) / static_cast<float>(length + 1);
      pcm[i] = static_cast<std::int16_t>(std::lround((1 - part) * last + part * made_up()));
    }
  }
  for (; i < pcm.size(); ++i) {
    pcm[i] = static_cast<std::int16_t>(std::lround(made_up()));
  }
}

void Concealment::reset() {
  std::ranges::fill(history_, std::int16_t{0});
  made_ = 0;
  anything_ = false;
}

}  // namespace switchroom::media
