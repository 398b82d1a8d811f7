#include "media/rtp/packet.hpp"

namespace switchroom::media {

std::optional<RtpPacket> parse_rtp(std::span<const std::uint8_t> datagram) {
  if (datagram.size() < rtp_header_size || (datagram[0] >> 6U) != 2) {
    return std::nullopt;
  }
  const std::uint8_t* const bytes = datagram.data();
  std::size_t offset = rtp_header_size + std::size_t{4} * (bytes[0] & 0x0FU);
  if ((bytes[0] & 0x10U) != 0) {  // an extension: 4 bytes and as many words as they say
    if (datagram.size() < offset + 4) {
      return std::nullopt;
    }
    offset += 4 + std::size_t{4} * load16(bytes + offset + 2);
  }
  if (datagram.size() < offset) {
    return std::nullopt;
  }
  std::size_t size = datagram.size() - offset;
  if ((bytes[0] & 0x20U) != 0) {  // the last byte counts the padding, itself included
    const std::size_t padding = datagram.back();
    if (padding == 0 || padding > size) {
      return std::nullopt;
    }
    size -= padding;
  }
  return RtpPacket{.payload_type = static_cast<std::uint8_t>(bytes[1] & 0x7FU),
                   .marker = (bytes[1] & 0x80U) != 0,
                   .sequence = load16(bytes + 2),
                   .timestamp = load32(bytes + 4),
                   .ssrc = load32(bytes + 8),
                   .payload_offset = offset,
                   .payload_size = size};
}

void write_rtp_header(std::span<std::uint8_t, rtp_header_size> out, const RtpPacket& packet) {
  out[0] = 0x80;
  out[1] = static_cast<std::uint8_t>((packet.marker ? 0x80U : 0U) | (packet.payload_type & 0x7FU));
  store16(&out[2], packet.sequence);
  store32(&out[4], packet.timestamp);
  store32(&out[8], packet.ssrc);
}

}  // namespace switchroom::media
