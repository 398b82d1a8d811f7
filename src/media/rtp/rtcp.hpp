// RTCP packets as bytes: RFC 3550 section 6, RFC 5506 (reduced size). Pure functions, any thread.
#pragma once

#include "media/rtp/receiver_statistics.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace switchroom::media {

/// One report block as the peer wrote it about a stream of ours.
struct ReportBlock {
  std::uint8_t fraction_lost = 0;      // of 256
  std::uint32_t last_report = 0;       // LSR: middle 32 bits of our last sender report's NTP time; 0: none
  std::uint32_t delay_since_last = 0;  // DLSR in 1/65536 s
};

/// What the engine needs of a compound packet.
struct RtcpSummary {
  std::uint32_t ssrc = 0;                      // of the first packet's sender
  std::optional<std::uint32_t> sender_report;  // middle 32 bits of the NTP time of a sender report
  std::optional<ReportBlock> about_us;         // the block that names our SSRC
  bool goodbye = false;
};

/// Reads a compound or reduced-size packet; types that we do not know are stepped over. nullopt when a
/// length does not fit, or the version is not 2. At most 64 packets of one datagram are looked at.
std::optional<RtcpSummary> parse_rtcp(std::span<const std::uint8_t> datagram, std::uint32_t our_ssrc);

/// The sender's part of a report of ours.
struct SentReport {
  std::uint64_t ntp = 0;  // 32.32 bits
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
};
/// The block about the peer's stream.
struct ReceivedReport {
  std::uint32_t ssrc = 0;
  ReceiverStatistics::Interval interval;
  std::uint32_t last_report = 0;       // LSR
  std::uint32_t delay_since_last = 0;  // DLSR
};
/// What one report of ours says.
struct RtcpReport {
  std::uint32_t ssrc = 0;          // ours
  std::optional<SentReport> sent;  // a sender report; without: a receiver report
  std::optional<ReceivedReport> received;
  std::string_view cname;  // at most 64 bytes are written
  bool goodbye = false;
};
inline constexpr std::size_t max_rtcp_report = 160;

/// Writes SR or RR, SDES with the CNAME, and BYE where asked; returns the bytes used.
std::size_t write_rtcp(std::span<std::uint8_t, max_rtcp_report> out, const RtcpReport& report);

/// 32.32 bits of a duration since an epoch, and the 32 bits in its middle that LSR and DLSR use.
std::uint64_t ntp_time(base::Duration since_epoch);
inline std::uint32_t ntp_middle(std::uint64_t ntp) { return static_cast<std::uint32_t>(ntp >> 16U); }
/// RFC 3550 section 6.4.1: A - LSR - DLSR in milliseconds; nullopt if there was no report or the peer's
/// figures make no sense (negative, or over a minute).
std::optional<double> round_trip_ms(const ReportBlock& block, std::uint32_t arrival);

}  // namespace switchroom::media
