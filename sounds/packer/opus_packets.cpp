#include "opus_packets.hpp"

#include "sounds/pack_format.hpp"

#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace packer {
namespace {

using Encoder = std::unique_ptr<OpusEncoder, decltype(&opus_encoder_destroy)>;

Encoder make_encoder(int bits_per_second, bool music) {
  int error = 0;
  Encoder encoder(opus_encoder_create(switchroom::sounds::pack_rate, 1, OPUS_APPLICATION_AUDIO, &error),
                  opus_encoder_destroy);
  if (encoder == nullptr) {
    throw std::runtime_error("no Opus encoder");
  }
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(bits_per_second));
  opus_encoder_ctl(encoder.get(), OPUS_SET_COMPLEXITY(10));
  opus_encoder_ctl(encoder.get(), OPUS_SET_VBR(1));
  opus_encoder_ctl(encoder.get(), OPUS_SET_SIGNAL(music ? OPUS_SIGNAL_MUSIC : OPUS_SIGNAL_VOICE));
  return encoder;
}

}  // namespace

unsigned run_in() {
  const Encoder encoder = make_encoder(24000, false);
  opus_int32 samples = 0;
  opus_encoder_ctl(encoder.get(), OPUS_GET_LOOKAHEAD(&samples));
  return static_cast<unsigned>(samples);
}

Packets compress(const Samples& sound, int bits_per_second, bool music) {
  const Encoder encoder = make_encoder(bits_per_second, music);
  constexpr std::size_t frame = switchroom::sounds::pack_frame;
  Samples padded(sound);
  padded.resize((sound.size() + run_in() + frame - 1) / frame *
                frame);  // what the encoder holds back comes out
  Packets packets{.bytes = {}, .samples = sound.size()};
  std::array<unsigned char, 1500> packet{};
  for (std::size_t at = 0; at < padded.size(); at += frame) {
    const opus_int32 length = opus_encode(encoder.get(), padded.data() + at, static_cast<int>(frame),
                                          packet.data(), static_cast<opus_int32>(packet.size()));
    if (length <= 0) {
      throw std::runtime_error("the Opus encoder failed");
    }
    packets.bytes += static_cast<char>(length & 0xff);
    packets.bytes += static_cast<char>(length >> 8);
    packets.bytes.append(packet.begin(), packet.begin() + length);
  }
  return packets;
}

}  // namespace packer
