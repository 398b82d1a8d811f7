#include "sdp/payload_types.hpp"

#include "sdp/codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::sdp {
namespace {

/// A number of LocalState and what it stands for.
struct Slot {
  std::uint8_t* number;  // into LocalState, not owned
  std::optional<CodecId> codec;
  std::optional<EventClock> event;
  bool settled = false;
  [[nodiscard]] bool means(const Format& format) const {
    return codec ? codec_of(format) == codec : event_of(format) == event;
  }
};

class Adoption {
 public:
  Adoption(const MediaDescription& offered, LocalState& state) {
    for (const auto& format : offered.formats) {
      offered_[format.payload_type & 127U] = &format;
    }
    for (std::size_t i = 0; i < codec_count; ++i) {
      slots_[i] = {&state.payload_types[i], static_cast<CodecId>(i), {}};
    }
    slots_[codec_count] = {&state.event_8k, {}, EventClock::khz8};
    slots_[codec_count + 1] = {&state.event_48k, {}, EventClock::khz48};
  }

  /// `format_number` of the offer was agreed on.
  void agree(std::uint8_t format_number) {
    const auto* format = offered_[format_number & 127U];
    for (auto& slot : slots_) {
      if (format == nullptr || !slot.means(*format)) continue;
      *slot.number = format_number;
      slot.settled = true;
    }
  }
  /// What was not agreed on keeps its number, unless that one means something else now.
  void settle() {
    for (auto& slot : slots_) {
      if (slot.settled) continue;
      if (!usable(*slot.number, slot)) *slot.number = free_number();
      slot.settled = true;
    }
  }

 private:
  [[nodiscard]] bool usable(std::uint8_t number, const Slot& slot) const {
    const auto* format = offered_[number & 127U];
    return (format == nullptr || slot.means(*format)) && !in_use(number);
  }
  [[nodiscard]] bool in_use(std::uint8_t number) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const Slot& slot) { return slot.settled && *slot.number == number; });
  }
  [[nodiscard]] std::uint8_t free_number() const {
    // From 96 on, then those that RFC 3551 6 leaves when these run out (64 to 95 look like RTCP, RFC 5761 4).
    for (const auto& [first, last] : {std::pair{96, 127}, std::pair{35, 63}, std::pair{0, 34}}) {
      for (int at = first; at <= last; ++at) {
        const auto number = static_cast<std::uint8_t>(at);
        if (offered_[number] == nullptr && !in_use(number)) return number;
      }
    }
    return 127;  // not reached: 95 numbers, at most 64 formats and 6 of ours
  }

  std::array<const Format*, 128> offered_{};  // into the offer, not owned
  std::array<Slot, codec_count + 2> slots_{};
};

}  // namespace

void adopt_payload_types(const MediaDescription& offered, const MediaPlan& plan, LocalState& state) {
  Adoption adoption(offered, state);
  for (const auto& codec : plan.codecs) {
    adoption.agree(codec.receive_payload_type);
  }
  if (plan.telephone_event_8k) adoption.agree(plan.telephone_event_8k->receive_payload_type);
  if (plan.telephone_event_48k) adoption.agree(plan.telephone_event_48k->receive_payload_type);
  adoption.settle();
}

std::optional<std::uint8_t> offered_type(const MediaDescription& offered, const Format& format) {
  const auto codec = codec_of(format);
  const auto event = event_of(format);
  if (!codec && !event) return std::nullopt;
  const auto same = std::find_if(offered.formats.begin(), offered.formats.end(), [&](const Format& ours) {
    return codec ? codec_of(ours) == codec : event_of(ours) == event;
  });
  return same == offered.formats.end() ? std::nullopt : std::optional(same->payload_type);
}

}  // namespace switchroom::sdp
