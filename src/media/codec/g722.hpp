// G.722 at 64 kbit/s. Private to codec/.
#pragma once

#include "media/codec/codec.hpp"

namespace switchroom::media {

std::unique_ptr<Encoder> make_g722_encoder();
std::unique_ptr<Decoder> make_g722_decoder();

}  // namespace switchroom::media
