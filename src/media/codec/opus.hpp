// opus. Private to codec/.
#pragma once

#include "media/codec/codec.hpp"

#include <string_view>

namespace switchroom::media {

/// What the peer's fmtp asks of what we send to it (RFC 7587 section 6.1), with the defaults of a PBX.
struct OpusWishes {
  int bitrate = 0;                 // bit/s; 0: by the rate
  unsigned playback_rate = 48000;  // Hz: more would be wasted
  bool fec = false;
  bool dtx = false;
  bool constant = false;  // bitrate
};
OpusWishes parse_opus_fmtp(std::string_view fmtp);

/// The encoder's complexity, 0 to 10. docs/media.md says by which figures it was chosen.
inline constexpr int opus_complexity = 4;

std::unique_ptr<Encoder> make_opus_encoder(const CodecSettings& settings);
std::unique_ptr<Decoder> make_opus_decoder(unsigned rate);

}  // namespace switchroom::media
