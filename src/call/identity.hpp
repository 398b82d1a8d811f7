// Who the called party is told that is calling. RFC 3323, RFC 3325, RFC 5806.
#pragma once

#include "call/leg.hpp"

#include <string_view>

namespace switchroom::call {

class Call;

/// Does the caller want its number to be hidden? `account`: the extension that signed in, or empty.
bool wants_privacy(const sip::Message& invite, std::string_view account);

/// Writes From, Max-Forwards and the identity headers of an outgoing leg. A caller who asked for privacy
/// is anonymous in From; P-Asserted-Identity and Diversion go on only where the leg's profile passes
/// identities (`caller_identity = "pass"`).
void write_identity(Call& call, LegTarget& target);

}  // namespace switchroom::call
