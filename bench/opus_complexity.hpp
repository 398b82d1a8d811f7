// What libopus costs and how it sounds at each complexity, with the engine's other settings.
#pragma once

#include "child.hpp"
#include "media/codec/opus.hpp"
#include "speech.hpp"

#include <opus/opus.h>

#include <cmath>
#include <complex>
#include <numbers>

namespace switchroom::bench {

/// The difference of two sounds as a listener's ear divides them: in each frame of 20 ms with sound in it,
/// the levels of 20 bands of equal width on the Bark scale, 100 Hz to half of the rate, in dB; the root of
/// the mean square of their differences, averaged over frames. 0: the same spectrum. Bands 50 dB below the
/// loudest of the whole sound count as that.
class SpectralDistance {
 public:
  explicit SpectralDistance(unsigned rate) : rate_(rate), size_(rate / 50) {
    for (std::size_t i = 0; i < size_; ++i) {
      window_.push_back(0.5F - 0.5F * std::cos(2 * std::numbers::pi_v<float> * static_cast<float>(i) /
                                               static_cast<float>(size_)));
    }
  }
  /// Both of one length, and aligned.
  [[nodiscard]] double between(const Pcm& original, const Pcm& coded) const {
    const auto a = levels(original);
    const auto b = levels(coded);
    double loudest = -200;
    for (const auto& frame : a) {
      loudest = std::max(loudest, *std::max_element(frame.begin(), frame.end()));
    }
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (*std::max_element(a[i].begin(), a[i].end()) < loudest - 35) {
        continue;  // a pause
      }
      double square = 0;
      for (std::size_t band = 0; band < bands; ++band) {
        const double off = std::max(a[i][band], loudest - 50) - std::max(b[i][band], loudest - 50);
        square += off * off;
      }
      sum += std::sqrt(square / bands);
      ++count;
    }
    return count == 0 ? 0 : sum / static_cast<double>(count);
  }

 private:
  static constexpr std::size_t bands = 20;
  using Frame = std::array<double, bands>;

  static double bark(double hertz) {
    return 13 * std::atan(0.00076 * hertz) + 3.5 * std::atan(std::pow(hertz / 7500, 2));
  }
  static void transform(std::vector<std::complex<float>>& x) {
    for (std::size_t i = 1, j = 0; i < x.size(); ++i) {
      std::size_t bit = x.size() >> 1U;
      for (; (j & bit) != 0; bit >>= 1U) {
        j ^= bit;
      }
      j ^= bit;
      if (i < j) {
        std::swap(x[i], x[j]);
      }
    }
    for (std::size_t length = 2; length <= x.size(); length *= 2) {
      const auto turn = std::polar(1.0F, -2 * std::numbers::pi_v<float> / static_cast<float>(length));
      for (std::size_t at = 0; at < x.size(); at += length) {
        std::complex<float> angle = 1;
        for (std::size_t i = 0; i < length / 2; ++i) {
          const auto even = x[at + i];
          const auto odd = x[at + i + length / 2] * angle;
          x[at + i] = even + odd;
          x[at + i + length / 2] = even - odd;
          angle *= turn;
        }
      }
    }
  }
  [[nodiscard]] std::vector<Frame> levels(const Pcm& pcm) const {
    std::vector<Frame> found;
    const double lowest = bark(100);
    const double width = (bark(rate_ / 2.0) - lowest) / bands;
    std::vector<std::complex<float>> x(1024);
    for (std::size_t at = 0; at + size_ <= pcm.size(); at += size_ / 2) {
      std::fill(x.begin(), x.end(), 0);
      for (std::size_t i = 0; i < size_; ++i) {
        x[i] = window_[i] * static_cast<float>(pcm[at + i]);
      }
      transform(x);
      Frame power{};
      for (std::size_t i = 1; i < x.size() / 2; ++i) {
        const double band =
            (bark(static_cast<double>(i) * rate_ / static_cast<double>(x.size())) - lowest) / width;
        if (band >= 0 && band < bands) {
          power[static_cast<std::size_t>(band)] += std::norm(x[i]);
        }
      }
      for (double& one : power) {
        one = 10 * std::log10(one + 1e-3);
      }
      found.push_back(power);
    }
    return found;
  }

  unsigned rate_;
  std::size_t size_;  // samples of a frame
  std::vector<float> window_;
};

struct Complexity {
  double encode_ms = 0;  // CPU for a second of sound
  double decode_ms = 0;
  double kilobits = 0;     // a second
  double distance_db = 0;  // SpectralDistance
};

/// `bitrate`: bit/s.
inline Complexity measure_complexity(const Speech& speech, int complexity, int bitrate) {
  int error = 0;
  OpusEncoder* const encoder =
      opus_encoder_create(static_cast<opus_int32>(speech.rate), 1, OPUS_APPLICATION_VOIP, &error);
  OpusDecoder* const decoder = opus_decoder_create(static_cast<opus_int32>(speech.rate), 1, &error);
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate));
  opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
  opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  opus_int32 delay = 0;
  opus_encoder_ctl(encoder, OPUS_GET_LOOKAHEAD(&delay));
  const std::size_t frame = speech.rate / 50;
  const std::size_t frames = speech.pcm.size() / frame;
  std::vector<std::vector<std::uint8_t>> packets(frames, std::vector<std::uint8_t>(400));
  Complexity found;
  const double seconds = static_cast<double>(frames) / 50;
  double at = cpu_seconds_of_process();
  for (std::size_t i = 0; i < frames; ++i) {
    const int size =
        opus_encode(encoder, &speech.pcm[i * frame], static_cast<int>(frame), packets[i].data(), 400);
    packets[i].resize(static_cast<std::size_t>(std::max(size, 0)));
    found.kilobits += size * 8 / 1000.0 / seconds;
  }
  found.encode_ms = (cpu_seconds_of_process() - at) * 1000 / seconds;
  Pcm decoded(frames * frame);
  at = cpu_seconds_of_process();
  for (std::size_t i = 0; i < frames; ++i) {
    (void)opus_decode(decoder, packets[i].data(), static_cast<opus_int32>(packets[i].size()),
                      &decoded[i * frame], static_cast<int>(frame), 0);
  }
  found.decode_ms = (cpu_seconds_of_process() - at) * 1000 / seconds;
  opus_encoder_destroy(encoder);
  opus_decoder_destroy(decoder);
  decoded.erase(decoded.begin(), decoded.begin() + delay);
  Pcm original = speech.pcm;
  original.resize(decoded.size());
  found.distance_db = SpectralDistance(speech.rate).between(original, decoded);
  return found;
}

}  // namespace switchroom::bench
