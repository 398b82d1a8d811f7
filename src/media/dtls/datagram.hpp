// What arrives at a media port, told apart by its first byte. RFC 7983.
#pragma once

#include <cstdint>
#include <span>

namespace switchroom::media {

enum class DatagramKind : std::uint8_t { stun, zrtp, dtls, turn, rtp, unknown };

inline DatagramKind kind_of_datagram(std::span<const std::uint8_t> datagram) {
  const unsigned first = datagram.empty() ? 255 : datagram.front();
  if (first >= 128 && first <= 191) return DatagramKind::rtp;  // and RTCP
  if (first >= 20 && first <= 63) return DatagramKind::dtls;
  if (first <= 3) return DatagramKind::stun;
  if (first >= 16 && first <= 19) return DatagramKind::zrtp;
  return first >= 64 && first <= 79 ? DatagramKind::turn : DatagramKind::unknown;
}

}  // namespace switchroom::media
