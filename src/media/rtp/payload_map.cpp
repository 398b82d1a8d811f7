#include "media/rtp/payload_map.hpp"

#include <optional>

namespace switchroom::media {
namespace {

constexpr std::uint32_t narrow_events = 8000;
constexpr std::uint32_t wide_events = 48000;
constexpr std::uint32_t noise_clock = 8000;

void name_kind(PayloadKinds& kinds, std::uint8_t payload_type, const PayloadKind& kind) {
  if (payload_type < payload_type_count && !kinds[payload_type].agreed()) {
    kinds[payload_type] = kind;
  }
}

std::optional<std::uint8_t> wanted(const sdp::MediaPlan& to, const PayloadKind& kind) {
  if (kind.event) {
    const auto& event = kind.clock_rate == wide_events ? to.telephone_event_48k : to.telephone_event_8k;
    return event ? std::optional(event->send_payload_type) : std::nullopt;
  }
  if (kind.noise) {
    return to.comfort_noise ? std::optional(to.comfort_noise->send_payload_type) : std::nullopt;
  }
  for (const sdp::AgreedCodec& codec : to.codecs) {
    if (codec.codec == kind.codec) {
      return codec.send_payload_type;
    }
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t rtp_clock_rate(sdp::CodecId codec) { return codec == sdp::CodecId::opus ? 48000 : 8000; }

PayloadKinds payload_kinds(const sdp::MediaPlan& plan) {
  PayloadKinds kinds{};
  const auto add = [&](auto payload_type) {
    for (const sdp::AgreedCodec& codec : plan.codecs) {
      name_kind(kinds, codec.*payload_type,
                {.clock_rate = rtp_clock_rate(codec.codec), .codec = codec.codec});
    }
    if (plan.telephone_event_8k) {
      name_kind(kinds, (*plan.telephone_event_8k).*payload_type,
                {.clock_rate = narrow_events, .event = true});
    }
    if (plan.telephone_event_48k) {
      name_kind(kinds, (*plan.telephone_event_48k).*payload_type, {.clock_rate = wide_events, .event = true});
    }
    if (plan.comfort_noise) {
      name_kind(kinds, (*plan.comfort_noise).*payload_type, {.clock_rate = noise_clock, .noise = true});
    }
  };
  add(&sdp::AgreedCodec::receive_payload_type);
  add(&sdp::AgreedCodec::send_payload_type);
  return kinds;
}

void keep_former(PayloadKinds& kinds, const PayloadKinds& before) {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!kinds[i].agreed() && before[i].agreed() && !before[i].event && !before[i].noise) {
      kinds[i] = before[i];
      kinds[i].former = true;
    }
  }
}

PayloadMap empty_payload_map() {
  PayloadMap map{};
  map.fill(no_payload_type);
  return map;
}

PayloadMap payload_map(const PayloadKinds& kinds, const sdp::MediaPlan& to) {
  PayloadMap map = empty_payload_map();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!kinds[i].agreed()) {
      continue;
    }
    const auto to_type = wanted(to, kinds[i]);
    if (to_type && *to_type < payload_type_count) {
      map[i] = *to_type;
    }
  }
  return map;
}

}  // namespace switchroom::media
