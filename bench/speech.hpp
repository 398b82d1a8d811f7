// Speech for the benchmarks: recorded where Debian's prompts are installed, made up otherwise.
#pragma once

#include "../tests/media/simulation.hpp"
#include "media/codec/codec.hpp"
#include "media/sound.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace switchroom::bench {

using Pcm = std::vector<std::int16_t>;

/// Of asterisk-core-sounds-en-wav (8 kHz) and asterisk-core-sounds-en-g722 (16 kHz).
inline const std::string prompts = "/usr/share/asterisk/sounds/en_US_f_Allison/";

struct Speech {
  Pcm pcm;
  unsigned rate = 8000;  // Hz: 8000 or 16000
  bool recorded = false;
};

inline Pcm read_g722(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto decoder = media::make_decoder({.codec = sdp::CodecId::g722, .rate = 16000, .peer_fmtp = {}});
  Pcm pcm;
  Pcm frame(320);
  for (std::size_t at = 0; at + 160 <= bytes.size(); at += 160) {  // 20 ms
    (void)decoder->decode(std::span(bytes).subspan(at, 160), frame);
    pcm.insert(pcm.end(), frame.begin(), frame.end());
  }
  return pcm;
}

/// `seconds` of one voice at `rate` (8000 or 16000 Hz), pauses as they are in it.
inline Speech speech(unsigned rate, unsigned seconds) {
  Speech found{.pcm = {}, .rate = rate, .recorded = true};
  const std::size_t wanted = std::size_t{rate} * seconds;
  for (const std::string name : {"demo-instruct", "demo-congrats", "basic-pbx-ivr-main"}) {
    if (rate == 16000) {
      const Pcm more = read_g722(prompts + name + ".g722");
      found.pcm.insert(found.pcm.end(), more.begin(), more.end());
    } else if (const auto sound = media::read_sound(prompts + name + ".wav", rate, std::chrono::hours(1))) {
      found.pcm.insert(found.pcm.end(), (*sound)->samples.begin(), (*sound)->samples.end());
    }
  }
  if (found.pcm.size() < wanted) {
    found.pcm = media::test::voice(seconds, rate);
    found.recorded = false;
  }
  found.pcm.resize(wanted);
  return found;
}

/// A stream of 20 ms packets, made before it is sent; it is said over and over.
struct Script {
  std::vector<std::vector<std::uint8_t>> payloads;
  sdp::CodecId codec = sdp::CodecId::pcmu;
  std::uint8_t type = 0;     // RTP payload type
  std::uint32_t step = 160;  // of the RTP clock
};

inline Script script_of(const Speech& speech, sdp::CodecId codec, std::uint8_t type) {
  Script script{
      .payloads = {}, .codec = codec, .type = type, .step = codec == sdp::CodecId::opus ? 960U : 160U};
  const auto encoder = media::make_encoder({.codec = codec, .rate = speech.rate, .peer_fmtp = {}});
  const std::size_t frame = speech.rate / 50;
  for (std::size_t at = 0; at + frame <= speech.pcm.size(); at += frame) {
    std::vector<std::uint8_t> payload(media::max_payload);
    payload.resize(encoder->encode(std::span(speech.pcm).subspan(at, frame), payload));
    script.payloads.push_back(std::move(payload));
  }
  return script;
}

}  // namespace switchroom::bench
