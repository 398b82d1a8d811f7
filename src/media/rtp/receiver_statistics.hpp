// What arrives, counted as RFC 3550 appendix A says. A value; no clock of its own.
#pragma once

#include "base/clock.hpp"
#include "media/rtp/packet.hpp"

#include <cstdint>

namespace switchroom::media {

/// Loss (A.1, A.3) and jitter (A.8) of one leg's incoming packets. A new SSRC, or a sequence that begins
/// anew, starts a new count; the loss of those before it is kept.
class ReceiverStatistics {
 public:
  /// `clock_rate` in Hz of the packet's payload type; 0: do not count jitter with it (key presses keep
  /// one timestamp for their whole length).
  void on_packet(const RtpPacket& packet, std::uint32_t clock_rate, base::Time now);

  /// The next packet begins anew: what came until then was not listened to (a hold), so it is not lost.
  void interrupt() { interrupted_ = true; }

  /// What a report block says of the interval since the last one (RFC 3550 section 6.4.1).
  struct Interval {
    std::uint8_t fraction_lost = 0;      // of 256
    std::int32_t cumulative_lost = 0;    // of the current source, clamped to 24 bits
    std::uint32_t highest_sequence = 0;  // with the cycles in the upper half
    std::uint32_t jitter = 0;            // in units of the timestamp
  };
  Interval take_interval();

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
  [[nodiscard]] std::uint64_t lost()
      const;  // all sources; late packets and duplicates lower it, never below 0
  [[nodiscard]] std::uint32_t jitter_sixteenths() const { return jitter_; }  // timestamp units / 16
  [[nodiscard]] std::uint32_t clock_rate() const { return clock_rate_; }     // of jitter; 0: unknown yet

 private:
  void start(const RtpPacket& packet);
  bool follow_sequence(std::uint16_t sequence);
  void follow_jitter(std::uint32_t timestamp, std::uint32_t clock_rate, base::Time now);
  [[nodiscard]] std::int64_t lost_of_source() const;

  bool started_ = false;
  bool interrupted_ = false;
  std::uint32_t ssrc_ = 0;
  std::uint16_t highest_ = 0;
  std::uint32_t cycles_ = 0;  // 65536 for each wrap
  std::uint16_t first_ = 0;
  std::uint32_t expected_restart_ = no_restart;  // the sequence that would prove a restart (bad_seq of A.1)
  std::uint64_t received_ = 0;                   // of this source
  std::uint64_t lost_before_ = 0;                // of sources before this
  std::uint64_t expected_prior_ = 0;
  std::uint64_t received_prior_ = 0;
  std::uint32_t jitter_ = 0;
  std::uint32_t clock_rate_ = 0;
  bool timed_ = false;  // last_arrival_ and last_timestamp_ hold something
  base::Time last_arrival_;
  std::uint32_t last_timestamp_ = 0;

  static constexpr std::uint32_t no_restart = 0x10000;
};

}  // namespace switchroom::media
