// The numbers of dynamic payload types across offers and answers. Private to this room.
#pragma once

#include "sdp/negotiate.hpp"

#include <optional>

namespace switchroom::sdp {

/// Takes over the payload types on which an answer to `offered` agreed, so that our next offer says the
/// same, and moves our own numbers out of the way of all that the peer uses for something else.
void adopt_payload_types(const MediaDescription& offered, const MediaPlan& plan, LocalState& state);

/// The payload type under which `offered` (ours) offers what `format` names.
std::optional<std::uint8_t> offered_type(const MediaDescription& offered, const Format& format);

}  // namespace switchroom::sdp
