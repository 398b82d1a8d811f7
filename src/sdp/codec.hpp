// What the names in rtpmap mean to us. Pure; private to this room.
#pragma once

#include "sdp/negotiate.hpp"

#include <optional>

namespace switchroom::sdp {

enum class EventClock : std::uint8_t { khz8, khz48 };

/// The codec that a format names, by name, clock and channels; the static types need no rtpmap.
std::optional<CodecId> codec_of(const Format& format);
/// RFC 4733, at the two clocks that we relay.
std::optional<EventClock> event_of(const Format& format);

/// RFC 3389 at 8000 Hz, whose payload type is static.
bool is_comfort_noise(const Format& format);

/// The format line by which we offer or answer a codec, and key presses.
Format format_for(CodecId codec, std::uint8_t payload_type);
Format event_format(EventClock clock, std::uint8_t payload_type);
Format comfort_noise_format();

}  // namespace switchroom::sdp
