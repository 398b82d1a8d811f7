#include "media/jitter/decoders.hpp"

#include <algorithm>
#include <cmath>

namespace switchroom::media {

Decoders::One& Decoders::of(sdp::CodecId codec) {
  One& one = all_[static_cast<std::size_t>(codec)];
  if (one.decoder == nullptr) {
    one.decoder = make_decoder({.codec = codec, .rate = rate_, .peer_fmtp = {}});
    if (one.decoder->rate() != rate_) {
      one.resampler.emplace(one.decoder->rate(), rate_);
    }
  }
  return one;
}

std::size_t Decoders::duration(sdp::CodecId codec, std::span<const std::uint8_t> payload) {
  One& one = of(codec);
  const std::size_t samples = one.decoder->duration(payload);
  if (samples > std::size_t{one.decoder->rate()} * longest_payload_ms / 1000) {
    return 0;
  }
  return samples * rate_ / one.decoder->rate();
}

void Decoders::at_our_rate(One& one, std::span<const std::int16_t> pcm, std::span<std::int16_t> out) {
  if (one.resampler) {
    one.resampler->convert(pcm, out);
  } else {
    std::ranges::copy(pcm.first(std::min(pcm.size(), out.size())), out.begin());
  }
}

bool Decoders::decode(sdp::CodecId codec, std::span<const std::uint8_t> payload,
                      std::span<std::int16_t> out) {
  One& one = of(codec);
  const std::size_t samples = one.decoder->decode(payload, pcm_);
  if (samples == 0) {
    return false;
  }
  // The other codec's last sound goes on for 5 ms beneath the new one's first.
  std::array<std::int16_t, 480> before{};
  const std::size_t fade = std::min<std::size_t>(out.size(), rate_ / 200);
  const bool changed = last_ && *last_ != codec;
  if (changed) {
    conceal(std::span(before).first(rate_ / 100));
    one.decoder->reset();
    if (one.resampler) {
      one.resampler->reset();
    }
    (void)one.decoder->decode(payload, pcm_);
  }
  last_ = codec;
  at_our_rate(one, std::span(pcm_).first(samples), out);
  for (std::size_t i = 0; changed && i < fade; ++i) {
    const float part = static_cast<float>(i + 1) / static_cast<float>(fade + 1);
    out[i] = static_cast<std::int16_t>(
        std::lround((1 - part) * static_cast<float>(before[i]) + part * static_cast<float>(out[i])));
  }
  return true;
}

void Decoders::conceal(std::span<std::int16_t> out) {
  if (!last_) {
    std::ranges::fill(out, std::int16_t{0});
    return;
  }
  One& one = of(*last_);
  const auto pcm = std::span(pcm_).first(std::min(pcm_.size(), at_rate(one, out.size())));
  one.decoder->conceal(pcm);
  at_our_rate(one, pcm, out);
}

bool Decoders::carries_previous(sdp::CodecId codec, std::span<const std::uint8_t> next) {
  return last_ == codec && of(codec).decoder->carries_previous(next);
}

bool Decoders::recover(sdp::CodecId codec, std::span<const std::uint8_t> next, std::span<std::int16_t> out) {
  if (last_ != codec) {
    return false;
  }
  One& one = of(codec);
  const auto pcm = std::span(pcm_).first(std::min(pcm_.size(), at_rate(one, out.size())));
  if (!one.decoder->recover(next, pcm)) {
    return false;
  }
  at_our_rate(one, pcm, out);
  return true;
}

void Decoders::reset() {
  for (One& one : all_) {
    if (one.decoder != nullptr) {
      one.decoder->reset();
    }
    if (one.resampler) {
      one.resampler->reset();
    }
  }
  last_.reset();
}

}  // namespace switchroom::media
