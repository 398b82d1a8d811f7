// How long a transcoded call holds sound back: the sound that comes out is found in the sound that went in.
#pragma once

#include "phones.hpp"

#include <cmath>

namespace switchroom::bench {

/// What the codecs alone make of a script at 8 kHz: the engine's work without its time. `through`: the codec
/// in which the engine passes it on. Lag 0 against this is a transcoder that takes no time: the codecs' own
/// look-ahead (opus: 6.5 ms and its resampling) is in it already, and nothing else is.
inline Pcm bare_result(const Script& script, sdp::CodecId through) {
  constexpr unsigned rate = 8000;
  const auto first = media::make_decoder({.codec = script.codec, .rate = rate, .peer_fmtp = {}});
  const auto encoder = media::make_encoder({.codec = through, .rate = rate, .peer_fmtp = {}});
  const auto second = media::make_decoder({.codec = through, .rate = rate, .peer_fmtp = {}});
  Pcm all;
  Pcm frame(160);
  std::vector<std::uint8_t> payload(media::max_payload);
  for (int pass = 0; pass < 2; ++pass) {  // said over and over: the second time is like all that follow
    all.clear();
    for (const auto& packet : script.payloads) {
      (void)first->decode(packet, frame);
      (void)second->decode(std::span(payload).first(encoder->encode(frame, payload)), frame);
      all.insert(all.end(), frame.begin(), frame.end());
    }
  }
  return all;
}

/// Places what a line heard within what the other line said. The delay of a packet is the time from the
/// sending of the sample that it begins with to its own arrival: the sample's packet was sent at t, the
/// sample is o ms into it (a phone plays it o ms after the packet's beginning), so delay = arrival - (t + o).
/// Waiting for the beat, the jitter buffer, the work and the scheduler are all in it; the packet's own 20 ms
/// are not, nor is the codecs' look-ahead (bare_result).
class DelayFinder {
 public:
  DelayFinder(const Script& said, sdp::CodecId heard_codec)
      : codec_(heard_codec), reference_(bare_result(said, heard_codec)) {}

  void find(const std::vector<HeardPacket>& heard, const std::vector<std::int64_t>& sent, std::size_t begin) {
    const auto decoder = media::make_decoder({.codec = codec_, .rate = 8000, .peer_fmtp = {}});
    Pcm sound(heard.size() * 160);
    for (std::size_t i = 0; i < heard.size(); ++i) {
      (void)decoder->decode(heard[i].payload, std::span(sound).subspan(i * 160, 160));
    }
    std::int64_t shift = no_shift;  // of the window before: input sample minus output sample
    for (std::size_t at = 0; at + window <= heard.size(); at += window) {
      const auto out = std::span(sound).subspan(at * 160, window * 160);
      if (level(out) < 100 || heard[at + window - 1].timestamp - heard[at].timestamp !=
                                  (window - 1) * (codec_ == sdp::CodecId::opus ? 960 : 160)) {
        continue;  // a pause, or packets are missing within
      }
      place(out, heard, sent, at, begin, shift);
    }
  }
  [[nodiscard]] const std::vector<double>& delays_ms() const { return delays_ms_; }  // of packets
  [[nodiscard]] std::size_t placed() const { return placed_; }                       // windows
  [[nodiscard]] std::size_t unplaced() const { return unplaced_; }

 private:
  static constexpr std::size_t window = 20;  // packets: 400 ms
  static constexpr std::int64_t no_shift = INT64_MIN;
  static constexpr double alike = 0.9;

  static double level(std::span<const std::int16_t> pcm) {
    double sum = 0;
    for (const std::int16_t sample : pcm) {
      sum += static_cast<double>(sample) * sample;
    }
    return std::sqrt(sum / static_cast<double>(pcm.size()));
  }
  /// `position`: of the sample that was said, counted from the line's first packet.
  [[nodiscard]] double likeness(std::span<const std::int16_t> out, std::int64_t position,
                                std::size_t begin) const {
    const auto size = static_cast<std::int64_t>(reference_.size());
    auto from = static_cast<std::size_t>((position + static_cast<std::int64_t>(begin) * 160) % size);
    float product = 0;
    float a = 1;
    float b = 1;
    for (const std::int16_t sample : out) {
      const float x = sample;
      const float y = reference_[from];
      from = from + 1 == reference_.size() ? 0 : from + 1;
      product += x * y;
      a += x * x;
      b += y * y;
    }
    return product / std::sqrt(a * b);
  }
  void place(std::span<const std::int16_t> out, const std::vector<HeardPacket>& heard,
             const std::vector<std::int64_t>& sent, std::size_t at, std::size_t begin, std::int64_t& shift) {
    const auto output = static_cast<std::int64_t>(at) * 160;
    std::int64_t best = 0;
    double best_score = -1;
    const auto consider = [&](std::int64_t position) {
      const double score = position < 0 ? -1 : likeness(out, position, begin);
      if (score > best_score) {
        best_score = score;
        best = position;
      }
    };
    if (shift != no_shift) {
      consider(output + shift);
    }
    if (best_score < alike) {
      // What was said last before it arrived, and 200 ms before that.
      const auto last = std::upper_bound(sent.begin(), sent.end(), heard[at].at) - sent.begin();
      for (std::int64_t position = last * 160; position > last * 160 - 1600; --position) {
        consider(position);
      }
    }
    if (best_score < alike) {
      ++unplaced_;
      shift = no_shift;
      return;
    }
    ++placed_;
    shift = best - output;
    for (std::size_t i = 0; i < window; ++i) {
      const std::int64_t position = best + static_cast<std::int64_t>(i) * 160;
      const double said = static_cast<double>(sent[static_cast<std::size_t>(position / 160)]) / 1e6 +
                          static_cast<double>(position % 160) / 8.0;
      delays_ms_.push_back(static_cast<double>(heard[at + i].at) / 1e6 - said);
    }
  }

  sdp::CodecId codec_;
  Pcm reference_;
  std::vector<double> delays_ms_;
  std::size_t placed_ = 0;
  std::size_t unplaced_ = 0;
};

}  // namespace switchroom::bench
