// A port's RTCP: whose reports are believed, when ours are due and what they say. RFC 3550 section 6.
#pragma once

#include "media/engine/latch.hpp"
#include "media/rtp/rtcp.hpp"
#include "media/rtp/sender.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace switchroom::media {

/// Ends RTCP at the port: the peer's reports are read, ours are written; none is relayed. No socket.
/// Media thread of its stream.
class RtcpSession {
 public:
  RtcpSession();

  /// `announced`: where the peer wants reports (its RTP address with rtcp-mux); see Latch::start.
  void start(const SocketAddress& announced, const SocketAddress& signalling, base::Time now);

  enum class Verdict : std::uint8_t { accepted, stranger, malformed };
  /// `our_ssrc`: what the peer's blocks about us name; `peer_ssrc`: of the RTP that was accepted, which
  /// proves an RTCP source that names it.
  struct Streams {
    std::uint32_t our_ssrc = 0;
    std::optional<std::uint32_t> peer_ssrc;
  };
  Verdict on_packet(std::span<const std::uint8_t> datagram, const SocketAddress& source,
                    const Streams& streams, base::Time now);

  /// What the last accepted report said; nullopt until one did.
  [[nodiscard]] std::optional<double> round_trip_ms() const { return round_trip_ms_; }
  [[nodiscard]] std::optional<double> remote_lost_fraction() const { return remote_lost_; }

  [[nodiscard]] bool due(base::Time now) const { return now >= next_; }
  void schedule(base::Time now);
  /// Writes the report of this moment; returns its size.
  std::size_t write(std::span<std::uint8_t, max_rtcp_report> out, const Sender& sender,
                    ReceiverStatistics& received, base::Time now, bool goodbye);

  [[nodiscard]] const Latch& latch() const { return latch_; }

 private:
  [[nodiscard]] std::uint64_t ntp(base::Time now) const {
    return ntp_time(now.time_since_epoch() + to_1900_);
  }

  Latch latch_;
  std::string cname_;  // random, for this port alone (RFC 7022): it tells a stranger nothing
  base::Duration
      to_1900_;  // steady clock to NTP's epoch; fixed, so that a jump of the wall clock harms no delay
  base::Time next_;
  bool first_ = true;
  std::uint16_t packets_heard_ = 0;  // stands in for a sequence number in the latch's proof
  std::uint32_t packets_reported_ = 0;
  std::optional<std::uint32_t> last_sender_report_;  // middle of the peer's NTP time
  std::uint32_t last_sender_ssrc_ = 0;
  base::Time last_sender_time_;
  std::optional<double> round_trip_ms_;
  std::optional<double> remote_lost_;
};

}  // namespace switchroom::media
