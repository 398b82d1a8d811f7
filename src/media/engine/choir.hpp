// One encoding for all who hear the same in the same codec.
#pragma once

#include "media/engine/mixer.hpp"
#include "media/engine/mouth.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace switchroom::media {

/// What the members of a choir have in common.
struct ChoirKey {
  Mixer::Audience audience = 0;
  CodecSettings codec;
  std::uint32_t clock_rate = 8000;
  bool comfort_noise = false;
  bool operator==(const ChoirKey& other) const;
};

/// Says the sound of one audience of a mix once at each beat; each member sends it under its own header.
/// Made when its first member comes, gone with the last. Media thread; no allocation at a beat.
///
/// A member that has sound of its own for a while (it talks, something is played to it) uses its own Mouth,
/// which takes the coder's state over from here, so that the peer's decoder notices nothing; when it comes
/// back, the next packet is made so that a decoder can begin with it.
class Choir {
 public:
  explicit Choir(const ChoirKey& key);

  [[nodiscard]] const ChoirKey& key() const { return key_; }
  [[nodiscard]] const Mouth& mouth() const { return mouth_; }

  void add_member() { ++members_; }
  /// False: that was the last one.
  bool remove_member() { return --members_ > 0; }
  void begin_to_listen(std::span<const std::int16_t> before);
  void cease_to_listen() { --listeners_; }
  /// A packet begins with this beat: who uses the choir may leave it, who does not may come.
  [[nodiscard]] bool at_packet_start() const { return mouth_.at_packet_start(); }

  /// The audience's sound of this beat. `sends`: false when there is nothing to hear and that is not sent.
  void speak(std::span<const std::int16_t> pcm, bool sends);

  struct Packet {
    std::array<std::uint8_t, max_payload> bytes;
    std::size_t size = 0;     // 0: time goes on and nothing is sent
    std::uint32_t units = 0;  // of the RTP clock
    bool noise = false;
  };
  [[nodiscard]] std::span<const Packet> packets() const { return std::span(packets_).first(count_); }

  /// What a member's peer loses: the worst of them counts, for some time.
  void expect_loss(double fraction);

 private:
  ChoirKey key_;
  Mouth mouth_;
  std::size_t members_ = 0;
  std::size_t listeners_ = 0;
  unsigned silent_beats_ = 0;
  double loss_ = 0;
  std::array<Packet, 2> packets_;  // of 10 ms there are two at a beat
  std::size_t count_ = 0;
};

}  // namespace switchroom::media
