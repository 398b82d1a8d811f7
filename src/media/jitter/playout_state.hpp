// The state behind Playout, private to this folder. Three times meet here, all as milliseconds in doubles:
// arrivals and beats (our clock), and media time (the peer's timestamps, each divided by its clock rate).
// What waits as samples ends at media time tail_; each packet that is taken moves it on.
#pragma once

#include "media/codec/comfort_noise.hpp"
#include "media/jitter/decoders.hpp"
#include "media/jitter/delay_estimator.hpp"
#include "media/jitter/packet_store.hpp"
#include "media/jitter/playout.hpp"
#include "media/jitter/time_scale.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

constexpr double playout_margin = 3;  // ms that a packet shall be there before it is needed
constexpr double playout_beat = 20;   // ms: sound is taken in such pieces

class Playout::State {
 public:
  explicit State(const Settings& settings)
      : settings_(settings), per_ms_(settings.rate / 1000), decoders_(settings.rate), scale_{settings.rate} {
    waiting_.reserve(std::size_t{per_ms_} * 400);
    scaled_.reserve(std::size_t{per_ms_} * 400);
  }

  void put(const RtpPacket& packet, std::span<const std::uint8_t> payload, const PlayoutKind& kind,
           double now);
  void pass_over(const RtpPacket& packet, const PlayoutKind& kind, double now);
  Heard pull(std::span<std::int16_t> pcm, double now);
  void restart();
  void catch_up() { shrinking_ = true; }
  PlayoutStatistics statistics;

 private:
  // Arrival.
  void drop_waiting();
  bool place(const RtpPacket& packet, std::uint32_t clock_rate);
  void begin_anew(const RtpPacket& packet);
  void watch_delay(const PacketStore::Packet& packet);

  // Playing.
  bool ready(double now);
  void fetch(std::size_t wanted, double now);
  bool take_next();
  void take(const PacketStore::Packet& packet);
  void take_sound(const PacketStore::Packet& packet);
  void fill_gap(const PacketStore::Packet& next);
  bool recover(const PacketStore::Packet& next);
  void fade_out();
  void append_concealed(double ms);
  void underrun(std::span<std::int16_t> pcm);
  void adapt(double now);
  void trim(double now);
  [[nodiscard]] double media_ms(const PacketStore::Packet& packet) const {
    return static_cast<double>(packet.media) * 1000 / packet.kind.clock_rate;
  }
  [[nodiscard]] double waiting_ms() const { return static_cast<double>(waiting_.size()) / per_ms_; }
  /// How long after the fastest possible packet the next sample is played.
  [[nodiscard]] double delay(double now) const { return now - (tail_ - waiting_ms()) - delays_.base(); }
  [[nodiscard]] double aim() const {
    const auto most = std::chrono::duration<double, std::milli>(settings_.max_delay).count();
    return std::min(delays_.usual() + (tail_ < repair_until_ ? packet_ms_ : 0), most);
  }

  Settings settings_;
  unsigned per_ms_;  // samples
  Decoders decoders_;
  TimeScale scale_;
  DelayEstimator delays_;
  PacketStore packets_;
  ComfortNoise noise_;
  bool noisy_ = false;  // the peer described its silence

  // Numbers.
  bool started_ = false;
  std::uint32_t ssrc_ = 0;
  std::int64_t highest_ = 0;        // number of the newest packet
  std::int64_t highest_media_ = 0;  // its extended timestamp
  std::uint32_t clock_rate_ = 8000;
  std::int64_t next_ = 0;                        // number of the packet whose turn it is
  std::uint64_t taken_ = 0;                      // bit n: packet next_ - 1 - n was played
  std::optional<std::uint16_t> restart_number_;  // what would follow a packet that was far off
  std::int64_t number_ = 0;                      // of the packet that is being placed
  std::int64_t media_ = 0;

  // Sound.
  std::vector<std::int16_t> waiting_;  // decoded
  std::vector<std::int16_t> scaled_;
  double tail_ = 0;          // media time behind waiting_
  double packet_ms_ = 20;    // of the last packet
  bool begun_ = false;       // a packet was taken since this source began
  bool playing_ = false;     // sound was taken since the last silence
  bool pressed_ = false;     // a key is being pressed: its silence is no loss
  double made_up_ = 0;       // ms since the last packet was taken
  double repair_until_ = 0;  // media time until which a packet is waited for that may repair another
  bool stretching_ = false;
  bool shrinking_ = false;
  double since_change_ = 0;  // ms in which no period was found
};

}  // namespace switchroom::media
