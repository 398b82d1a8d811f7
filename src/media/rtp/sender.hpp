// One leg's outgoing RTP stream: one SSRC for its life, whatever feeds it. RFC 3550 section 5.1.
#pragma once

#include "base/clock.hpp"
#include "media/rtp/packet.hpp"

#include <cstdint>

namespace switchroom::media {

/// Rewrites packets of changing sources into one continuous stream. Within a source, sequence numbers
/// and timestamps keep their distances, so that the far end sees loss and reordering as they happened;
/// at a change (new partner, new SSRC, a sequence that begins anew) the offsets are worked out anew:
/// the next number follows the last, the timestamp moves on by the time that passed, the marker is set.
class Sender {
 public:
  /// SSRC and starting points shall be random (RFC 3550 section 5.1).
  Sender(std::uint32_t ssrc, std::uint16_t first_sequence, std::uint32_t first_timestamp);

  /// Changes `packet` from what came in to what goes out: sequence, timestamp, SSRC, marker; the payload
  /// type must be mapped already. `source` names who feeds us (its SSRC alone could coincide with
  /// another's); `clock_rate` in Hz. False: the packet is older than the change to its source, whose
  /// predecessor's last packets bore its number; do not send it.
  bool rewrite(RtpPacket& packet, std::uint64_t source, std::uint32_t clock_rate, base::Time now);

  /// A packet of our own making: the number after the last, the time where the last one of ours ended, and,
  /// after relayed ones, where those ended. `units`: how long it sounds, in units of its timestamp.
  RtpPacket next(std::uint32_t units, std::uint32_t clock_rate, base::Time now);
  /// Time passes without a packet of ours (silence that is not sent).
  void skip(std::uint32_t units);
  /// Another packet of a key press of ours that began at `timestamp`; it sounds beside the count of time.
  RtpPacket next_at(std::uint32_t timestamp);
  /// That press is over, `units` after its timestamp.
  void pass(std::uint32_t units, base::Time now);

  /// The next packet is a change of source, whoever sends it (a link was made anew).
  void interrupt() { anchored_ = false; }
  void on_sent(std::size_t payload_size);

  [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
  [[nodiscard]] std::uint32_t packets() const { return packets_; }  // wraps, as RFC 3550's counters do
  [[nodiscard]] std::uint32_t octets() const { return octets_; }
  /// The timestamp that a packet of this moment would have (for sender reports).
  [[nodiscard]] std::uint32_t timestamp_at(base::Time now) const;

 private:
  void anchor(RtpPacket& packet, std::uint32_t clock_rate, base::Time now);

  std::uint32_t ssrc_;
  bool anchored_ = false;
  bool started_ = false;        // something was sent at all
  bool own_ = false;            // the last packet was of our own making
  bool spoke_ = false;          // … and none was skipped since
  std::uint32_t own_next_ = 0;  // timestamp of the next one
  std::uint64_t source_ = 0;
  std::uint32_t source_ssrc_ = 0;
  std::uint16_t source_highest_ = 0;   // highest sequence that came from the source
  std::uint32_t since_anchor_ = 0;     // numbers from the change to source_highest_, at most 65535
  std::uint16_t sequence_offset_ = 0;  // out = in + offset, modulo 2^16
  std::uint32_t timestamp_offset_ = 0;
  std::uint16_t last_sequence_;   // highest that went out
  std::uint32_t last_timestamp_;  // newest that went out, at last_time_
  std::uint32_t clock_rate_ = 8000;
  base::Time last_time_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
};

}  // namespace switchroom::media
