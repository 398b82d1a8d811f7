// Sound to payload and back: one interface, one small file for each codec, one line each in the table.
#pragma once

#include "sdp/negotiate.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace switchroom::media {

/// Samples are 16 bit, mono. No packet of ours holds more than 60 ms, none of a peer's more than 120 ms.
inline constexpr std::size_t max_payload = 1400;     // bytes that an encoder may write
inline constexpr unsigned longest_payload_ms = 120;  // that a decoder takes

/// One direction of one leg. Media thread of its stream; no allocation after construction.
class Encoder {
 public:
  virtual ~Encoder() = default;
  [[nodiscard]] virtual unsigned rate() const = 0;  // Hz of what encode() takes
  /// One packet's sound, of a length that the codec knows (10 to 60 ms in steps of 10; opus 10, 20, 40, 60)
  /// to its payload; returns the bytes used, 0: nothing need be sent for it (opus DTX).
  virtual std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> payload) = 0;
  /// What the peer's RTCP says it loses, 0 to 1: opus spends bits on FEC accordingly.
  virtual void expect_loss(double /*fraction*/) {}
  /// Another source begins: what was predicted from the old one is forgotten.
  virtual void reset() {}
  /// Goes on where `other` is, which was made with the same settings: to a decoder that has heard `other`
  /// this one sounds like it. Nothing to do for codecs without memory.
  virtual void continue_from(const Encoder& /*other*/) {}
  /// The next packet is to be understood without those before it, as far as the codec can.
  virtual void begin_afresh() {}
};

/// Media thread of its stream; no allocation after construction. Any bytes are safe to give.
class Decoder {
 public:
  virtual ~Decoder() = default;
  [[nodiscard]] virtual unsigned rate() const = 0;  // Hz of what decode() gives
  /// How long a payload sounds, in samples at rate(), without decoding it; 0: it is malformed.
  [[nodiscard]] virtual std::size_t duration(std::span<const std::uint8_t> payload) const = 0;
  /// Returns the samples written (at most 120 ms), 0: malformed.
  virtual std::size_t decode(std::span<const std::uint8_t> payload, std::span<std::int16_t> pcm) = 0;
  /// Fills `pcm` (10 to 60 ms) with what a listener forgives in place of a lost packet, going on from
  /// what was decoded last and fading out within about 60 ms of loss.
  virtual void conceal(std::span<std::int16_t> pcm) = 0;
  /// Whether a payload holds the sound of the packet before it too (opus in-band FEC).
  [[nodiscard]] virtual bool carries_previous(std::span<const std::uint8_t> /*payload*/) const {
    return false;
  }
  /// That sound, as long as `pcm`; to be followed by decode(next). False: nothing was changed.
  virtual bool recover(std::span<const std::uint8_t> /*next*/, std::span<std::int16_t> /*pcm*/) {
    return false;
  }
  /// The stream begins anew.
  virtual void reset() = 0;
};

/// What a codec is made for; from the leg's MediaPlan.
struct CodecSettings {
  sdp::CodecId codec = sdp::CodecId::pcmu;
  /// Hz that the engine would like to work at: 8000, 16000, 24000 or 48000. opus takes it as its own; the
  /// others have one rate and keep it (Encoder::rate and Decoder::rate tell).
  unsigned rate = 8000;
  std::string peer_fmtp;     // what the peer wrote of the format it wants (encoders)
  std::uint32_t ptime = 20;  // ms of a packet that will be encoded
};

std::unique_ptr<Encoder> make_encoder(const CodecSettings& settings);
std::unique_ptr<Decoder> make_decoder(const CodecSettings& settings);

/// The loudest 20 ms of a payload as mean_amplitude() of its sound would tell, without decoding it; nullopt
/// where only decoding tells.
std::optional<unsigned> amplitude_of(sdp::CodecId codec, std::span<const std::uint8_t> payload);

/// Hz of the sound that a codec carries: 8000, G.722 16000, opus 48000. Not the RTP clock.
unsigned natural_rate(sdp::CodecId codec);

}  // namespace switchroom::media
