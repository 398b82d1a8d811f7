// The table of codecs: another one is one more file and one more line in each switch.
#include "media/codec/codec.hpp"
#include "media/codec/g711.hpp"
#include "media/codec/g722.hpp"
#include "media/codec/opus.hpp"

namespace switchroom::media {

std::unique_ptr<Encoder> make_encoder(const CodecSettings& settings) {
  switch (settings.codec) {
    case sdp::CodecId::pcmu:
    case sdp::CodecId::pcma: return make_g711_encoder(settings.codec);
    case sdp::CodecId::g722: return make_g722_encoder();
    case sdp::CodecId::opus: break;
  }
  return make_opus_encoder(settings);
}

std::unique_ptr<Decoder> make_decoder(const CodecSettings& settings) {
  switch (settings.codec) {
    case sdp::CodecId::pcmu:
    case sdp::CodecId::pcma: return make_g711_decoder(settings.codec);
    case sdp::CodecId::g722: return make_g722_decoder();
    case sdp::CodecId::opus: break;
  }
  return make_opus_decoder(settings.rate);
}

std::optional<unsigned> amplitude_of(sdp::CodecId codec, std::span<const std::uint8_t> payload) {
  switch (codec) {
    case sdp::CodecId::pcmu:
    case sdp::CodecId::pcma: return g711_amplitude(codec, payload);
    case sdp::CodecId::g722:
    case sdp::CodecId::opus: break;
  }
  return std::nullopt;
}

unsigned natural_rate(sdp::CodecId codec) {
  switch (codec) {
    case sdp::CodecId::pcmu:
    case sdp::CodecId::pcma: return 8000;
    case sdp::CodecId::g722: return 16000;
    case sdp::CodecId::opus: break;
  }
  return 48000;
}

}  // namespace switchroom::media
