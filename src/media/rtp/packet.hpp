// RTP packets as bytes: RFC 3550 section 5.1. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace switchroom::media {

inline constexpr std::size_t rtp_header_size = 12;

/// The fields of a packet that the engine uses, and where its payload lies.
struct RtpPacket {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  std::size_t payload_offset = 0;  // from the first byte of the datagram; at least rtp_header_size
  std::size_t payload_size = 0;    // without padding; 0 is valid (keepalives)
};

/// nullopt for anything that is not a whole version 2 packet: too short, CSRCs, extension or padding
/// that reach beyond the end, padding of zero bytes.
std::optional<RtpPacket> parse_rtp(std::span<const std::uint8_t> datagram);

/// Writes a plain 12-byte header (no CSRC, extension or padding) from the packet's fields.
void write_rtp_header(std::span<std::uint8_t, rtp_header_size> out, const RtpPacket& packet);

/// RFC 5761 section 4: on a shared port, a second byte of 192 to 223 is RTCP. RTP with those values would
/// be payload types 64 to 95 with the marker, which are never agreed on with rtcp-mux.
inline bool is_rtcp(std::span<const std::uint8_t> datagram) {
  return datagram.size() >= 2 && datagram[1] >= 192 && datagram[1] <= 223;
}

// Network byte order, for this folder's parsers and writers.
inline std::uint16_t load16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>((std::uint32_t{at[0]} << 8U) | at[1]);
}
inline std::uint32_t load32(const std::uint8_t* at) {
  return (std::uint32_t{load16(at)} << 16U) | load16(at + 2);
}
inline void store16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8U);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void store32(std::uint8_t* at, std::uint32_t value) {
  store16(at, static_cast<std::uint16_t>(value >> 16U));
  store16(at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace switchroom::media
