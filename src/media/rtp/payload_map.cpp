#include "media/rtp/payload_map.hpp"

#include <optional>

namespace switchroom::media {
namespace {

constexpr std::uint32_t narrow_events = 8000;
constexpr std::uint32_t wide_events = 48000;

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
      name_kind(kinds, codec.*payload_type, {rtp_clock_rate(codec.codec), false, codec.codec});
    }
    if (plan.telephone_event_8k) {
      name_kind(kinds, (*plan.telephone_event_8k).*payload_type, {narrow_events, true});
    }
    if (plan.telephone_event_48k) {
      name_kind(kinds, (*plan.telephone_event_48k).*payload_type, {wide_events, true});
    }
  };
  add(&sdp::AgreedCodec::receive_payload_type);
  add(&sdp::AgreedCodec::send_payload_type);
  return kinds;
}

PayloadMap empty_payload_map() {
  PayloadMap map{};
  map.fill(no_payload_type);
  return map;
}

PayloadMap payload_map(const sdp::MediaPlan& from, const sdp::MediaPlan& to) {
  PayloadMap map = empty_payload_map();
  const PayloadKinds kinds = payload_kinds(from);
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
