// What a stream hears, as sound: packets in, a frame of 20 ms at each beat.
#pragma once

#include "media/dsp/key_detector.hpp"
#include "media/dsp/level.hpp"
#include "media/jitter/playout.hpp"

#include <array>
#include <memory>
#include <span>

namespace switchroom::media {

/// Media thread of its stream; there only while somebody needs the sound.
class Ear {
 public:
  explicit Ear(unsigned rate);

  [[nodiscard]] unsigned rate() const { return rate_; }
  /// Goes on at another rate; what waited is dropped.
  void change_rate(unsigned rate);

  void put(const RtpPacket& packet, std::span<const std::uint8_t> payload, const PlayoutKind& kind,
           base::Time now) {
    playout_->put(packet, payload, kind, now);
  }
  /// A packet that nobody wants to hear.
  void pass_over(const RtpPacket& packet, const PlayoutKind& kind, base::Time now) {
    playout_->pass_over(packet, kind, now);
  }
  /// The beat has moved.
  void catch_up() { playout_->catch_up(); }
  /// Takes the next 20 ms in, which frame() gives until the next time.
  void listen(base::Time now);
  [[nodiscard]] std::span<const std::int16_t> frame() const { return std::span(frame_).first(rate_ / 50); }
  /// Whether the peer says something just now, and not silence or comfort noise.
  [[nodiscard]] bool speaks() const {
    return heard_ == Playout::Heard::sound || heard_ == Playout::Heard::concealed;
  }

  void amplify(double db) { gain_.change(db); }
  /// Listens for keys that are pressed as tones, or does not.
  void detect_keys(bool on);
  [[nodiscard]] const KeyDetector::Change& key_change() const { return keys_; }  // of this frame
  [[nodiscard]] bool key_sounds() const { return detector_ != nullptr && detector_->sounding(); }

  [[nodiscard]] PlayoutStatistics statistics() const;

 private:
  unsigned rate_;
  std::unique_ptr<Playout> playout_;
  PlayoutStatistics before_;  // of playouts at other rates
  Playout::Heard heard_ = Playout::Heard::nothing_yet;
  Gain gain_;
  std::unique_ptr<KeyDetector> detector_;
  KeyDetector::Change keys_;
  std::array<std::int16_t, 960> frame_{};
};

}  // namespace switchroom::media
