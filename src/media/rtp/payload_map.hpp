// Which payload type of one leg is which of another: worked out once for each (re-)negotiation, one
// look-up for each packet.
#pragma once

#include "sdp/negotiate.hpp"

#include <array>
#include <cstdint>

namespace switchroom::media {

inline constexpr std::size_t payload_type_count = 128;

/// What a payload type that we told the peer to send means.
struct PayloadKind {
  std::uint32_t clock_rate = 0;             // Hz; 0: not agreed
  bool event = false;                       // RFC 4733, not sound
  bool noise = false;                       // RFC 3389: comfort noise
  bool former = false;                      // of an earlier plan: packets may still be on their way
  sdp::CodecId codec = sdp::CodecId::pcmu;  // of sound
  [[nodiscard]] bool agreed() const { return clock_rate != 0; }
};
using PayloadKinds = std::array<PayloadKind, payload_type_count>;

/// RTP clock rate in Hz; G.722's is 8000 for historical reasons (RFC 3551 section 4.5.2).
std::uint32_t rtp_clock_rate(sdp::CodecId codec);

/// Indexed by the payload type in arriving packets. A peer that uses its own number where ours differs
/// (a common mistake with dynamic types) is understood as long as that number means nothing else.
PayloadKinds payload_kinds(const sdp::MediaPlan& plan);
/// Sound of before a re-negotiation is understood as long as its numbers mean nothing else (RFC 3264 section
/// 8.3.2: they never do in what follows the rules).
void keep_former(PayloadKinds& kinds, const PayloadKinds& before);

inline constexpr std::uint8_t no_payload_type = 0xFF;
using PayloadMap = std::array<std::uint8_t, payload_type_count>;
PayloadMap empty_payload_map();
/// From what `from` sends us to what `to` wants: the same codec, events at the same clock rate; all else
/// is no_payload_type. Directions are not looked at.
PayloadMap payload_map(const PayloadKinds& from, const sdp::MediaPlan& to);

}  // namespace switchroom::media
