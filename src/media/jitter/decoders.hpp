// The decoders of one stream, each brought to one rate. Private to jitter/.
#pragma once

#include "media/codec/codec.hpp"
#include "media/dsp/resampler.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>

namespace switchroom::media {

/// Made when their codec is first heard. What comes out is at `rate`, whatever the codec's own is.
class Decoders {
 public:
  explicit Decoders(unsigned rate) : rate_(rate) {}

  /// Samples that a payload stands for; 0: malformed.
  std::size_t duration(sdp::CodecId codec, std::span<const std::uint8_t> payload);
  /// Appends to `out`; a change of codec is cross-faded. False: malformed, nothing appended.
  bool decode(sdp::CodecId codec, std::span<const std::uint8_t> payload, std::span<std::int16_t> out);
  /// Fills `out` in place of what is lost, by the codec that was heard last.
  void conceal(std::span<std::int16_t> out);
  [[nodiscard]] bool carries_previous(sdp::CodecId codec, std::span<const std::uint8_t> next);
  /// Fills `out` with the packet before `next`, if `next` carries it.
  bool recover(sdp::CodecId codec, std::span<const std::uint8_t> next, std::span<std::int16_t> out);
  void reset();

 private:
  struct One {
    std::unique_ptr<Decoder> decoder;
    std::optional<Resampler> resampler;
  };
  One& of(sdp::CodecId codec);
  void at_our_rate(One& one, std::span<const std::int16_t> pcm, std::span<std::int16_t> out);
  [[nodiscard]] std::size_t at_rate(const One& one, std::size_t samples) const {
    return samples * one.decoder->rate() / rate_;
  }

  unsigned rate_;
  std::array<One, sdp::codec_count> all_;
  std::optional<sdp::CodecId> last_;
  std::array<std::int16_t, std::size_t{48} * longest_payload_ms> pcm_{};  // at the decoder's rate
};

}  // namespace switchroom::media
