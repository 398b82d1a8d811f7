// PCMU and PCMA. Private to codec/.
#pragma once

#include "media/codec/codec.hpp"

namespace switchroom::media {

std::unique_ptr<Encoder> make_g711_encoder(sdp::CodecId law);  // pcmu or pcma
std::unique_ptr<Decoder> make_g711_decoder(sdp::CodecId law);
/// See amplitude_of().
unsigned g711_amplitude(sdp::CodecId law, std::span<const std::uint8_t> payload);

}  // namespace switchroom::media
