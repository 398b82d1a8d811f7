// What a stream says by itself: frames of 20 ms in, packets out.
#pragma once

#include "media/codec/codec.hpp"
#include "media/codec/comfort_noise.hpp"
#include "media/dsp/level.hpp"
#include "media/dsp/resampler.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

/// Media thread of its stream; there only while something is said. No allocation for a frame.
class Mouth {
 public:
  /// What the peer agreed to hear. `rate`: of the sound that will be said, for codecs that have no rate of
  /// their own.
  void agree(const CodecSettings& settings, std::uint32_t clock_rate, bool comfort_noise);
  [[nodiscard]] unsigned rate() const { return encoder_->rate(); }

  /// The next 20 ms, at any rate (their number tells it). `source` names where they come from: at a change
  /// the old sound ends and the new one begins with a ramp. `silent`: digital silence that need not be sent.
  void say(std::span<const std::int16_t> pcm, unsigned source, bool silent);
  /// What was said last, at rate(), until the next say().
  [[nodiscard]] std::span<const std::int16_t> said() const { return std::span(frame_).first(rate() / 50); }

  /// One packet that is ready. An empty payload: time goes on and nothing need be sent.
  struct Packet {
    std::span<const std::uint8_t> payload;
    std::uint32_t units = 0;  // of the RTP clock
    bool noise = false;       // comfort noise, under its own payload type
  };
  std::optional<Packet> next();

  /// What was said is in packets: the next one begins with the next frame.
  [[nodiscard]] bool at_packet_start() const { return gathered_.size() == taken_; }
  /// What is not in a packet yet never will be.
  void drop_rest();
  /// The sound before what is said next, at its own rate: no filter shall begin with silence.
  void prime(std::span<const std::int16_t> before);
  /// The next packet comes to a decoder that has heard another coder until now.
  void begin_afresh() { encoder_->begin_afresh(); }
  /// Speaks from here on to a peer that heard `other` until now, which codes alike and whose last sound was
  /// `before`: its decoder shall not notice.
  void continue_from(const Mouth& other, std::span<const std::int16_t> before, unsigned source);

  void amplify(double db) { gain_.change(db); }
  void expect_loss(double fraction) { encoder_->expect_loss(fraction); }

 private:
  [[nodiscard]] bool codes_like(const CodecSettings& settings) const;
  void bring_to_rate(std::span<const std::int16_t> pcm);
  void join_sources(unsigned source);
  [[nodiscard]] std::uint32_t units(std::size_t samples) const {
    return static_cast<std::uint32_t>(samples * clock_rate_ / rate());
  }

  std::unique_ptr<Encoder> encoder_;
  CodecSettings settings_;
  std::uint32_t clock_rate_ = 8000;
  bool comfort_noise_ = false;
  std::size_t packet_ = 160;  // samples
  std::optional<Resampler> resampler_;
  Gain gain_;
  unsigned source_ = 0;
  std::int16_t last_ = 0;  // sample that was said
  bool silent_ = false;    // the frame that was said last
  unsigned silent_beats_ = 0;
  std::array<std::int16_t, 960> frame_{};
  std::vector<std::int16_t> gathered_;
  std::size_t taken_ = 0;  // of gathered_
  std::array<std::uint8_t, max_payload> payload_{};
};

}  // namespace switchroom::media
