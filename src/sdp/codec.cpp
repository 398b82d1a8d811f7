#include "sdp/codec.hpp"

#include <algorithm>
#include <array>

namespace switchroom::sdp {
namespace {

struct Codec {
  CodecId id;
  std::string_view name;
  std::uint32_t clock_rate;
  std::uint32_t channels;
  std::string_view fmtp;
};

// G.722 says 8000 though it samples at 16000 (RFC 3551 4.5.2); opus says 48000/2 whatever it sends
// (RFC 7587 7).
constexpr std::array<Codec, codec_count> codecs{{
    {CodecId::pcmu, "PCMU", 8000, 1, ""},
    {CodecId::pcma, "PCMA", 8000, 1, ""},
    {CodecId::g722, "G722", 8000, 1, ""},
    {CodecId::opus, "opus", 48000, 2, "useinbandfec=1"},
}};

constexpr std::string_view event_name = "telephone-event";
constexpr std::string_view noise_name = "CN";
constexpr std::uint8_t noise_type = 13;  // RFC 3551 section 6

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

const Codec& entry(CodecId codec) { return codecs[static_cast<std::size_t>(codec)]; }

}  // namespace

std::string_view name(CodecId codec) { return entry(codec).name; }

std::optional<CodecId> codec_named(std::string_view name) {
  for (const auto& codec : codecs) {
    if (same_name(codec.name, name)) return codec.id;
  }
  return std::nullopt;
}

std::optional<CodecId> codec_of(const Format& format) {
  const auto codec = codec_named(format.encoding);
  if (!codec || entry(*codec).clock_rate != format.clock_rate || entry(*codec).channels != format.channels) {
    return std::nullopt;
  }
  return codec;
}

std::optional<EventClock> event_of(const Format& format) {
  if (!same_name(format.encoding, event_name) || format.channels != 1) return std::nullopt;
  if (format.clock_rate == 8000) return EventClock::khz8;
  if (format.clock_rate == 48000) return EventClock::khz48;
  return std::nullopt;
}

bool is_comfort_noise(const Format& format) {
  return format.payload_type == noise_type &&
         (format.encoding.empty() || same_name(format.encoding, noise_name));
}

Format format_for(CodecId codec, std::uint8_t payload_type) {
  const auto& known = entry(codec);
  return {payload_type, std::string(known.name), known.clock_rate, known.channels, std::string(known.fmtp)};
}

Format event_format(EventClock clock, std::uint8_t payload_type) {
  const std::uint32_t rate = clock == EventClock::khz8 ? 8000 : 48000;
  return {payload_type, std::string(event_name), rate, 1, "0-15"};  // the keys 0-9 * # A-D
}

Format comfort_noise_format() { return {noise_type, std::string(noise_name), 8000, 1, {}}; }

}  // namespace switchroom::sdp
