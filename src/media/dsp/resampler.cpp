#include "media/dsp/resampler.hpp"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace switchroom::media {
namespace {

// 3 of 0 to 10, speexdsp's own for voice: aliases below -60 dB, a delay of 1.5 ms at 8 kHz. docs/media.md
// has what was measured.
constexpr int quality = 3;

}  // namespace

void Resampler::Free::operator()(SpeexResamplerState_* state) const { speex_resampler_destroy(state); }

Resampler::Resampler(unsigned from, unsigned to) : from_(from), to_(to) {
  if (from == to) {
    return;
  }
  int error = RESAMPLER_ERR_SUCCESS;
  state_.reset(speex_resampler_init(1, from, to, quality, &error));
  if (state_ == nullptr) {
    throw std::bad_alloc();
  }
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::convert(std::span<const std::int16_t> in, std::span<std::int16_t> out) {
  if (state_ == nullptr) {
    std::ranges::copy(in.first(std::min(in.size(), out.size())), out.begin());
    return;
  }
  auto taken = static_cast<spx_uint32_t>(in.size());
  auto made = static_cast<spx_uint32_t>(out.size());
  (void)speex_resampler_process_int(state_.get(), 0, in.data(), &taken, out.data(), &made);
  // Frames are whole milliseconds, so the counts match; should they ever not, silence beats old memory.
  std::ranges::fill(out.subspan(made), std::int16_t{0});
}

void Resampler::reset() {
  if (state_ != nullptr) {
    (void)speex_resampler_reset_mem(state_.get());
  }
}

}  // namespace switchroom::media
