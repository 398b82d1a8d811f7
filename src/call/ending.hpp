// From how a leg ended to why a call did.
#pragma once

#include "sip/cause.hpp"
#include "sip/session/session.hpp"

#include <string>
#include <string_view>

namespace switchroom::call {

/// The Reason of a CANCEL for phones that shall not show a missed call. RFC 3326.
inline constexpr std::string_view completed_elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// For the names that this code writes itself; NORMAL_UNSPECIFIED for one that does not exist.
const sip::Cause& cause_by_name(std::string_view name);

/// Why and by whom a call ends. `status` 0: the cause's own.
struct Ending {
  sip::Cause cause;
  int status = 0;
  std::string reason;                     // phrase of a refusal, or empty
  std::string hung_up_by = "switchroom";  // "caller", "callee"
};

/// The Q.850 cause of a Reason header wins, then the SIP status (RFC 3398), then the kind of end.
sip::Cause cause_of(const sip::SessionEnd& end);

/// Of several failed attempts the one whose end the caller should hear: a decline for all (6xx) before
/// busy, before other answers of a person or phone, before silence and trouble on the way.
bool is_better_failure(const Ending& candidate, const Ending& best);

/// A failed attempt as an Ending; a status that makes no sense to the caller (3xx, 401, 407, 487 …) becomes
/// another.
Ending failure_of(const sip::SessionEnd& end);

/// Did the leg end in a way that somebody may want to know why? Goodbyes and our own CANCELs are daily life.
bool is_trouble(const sip::SessionEnd& end);

/// One sentence for a person: "the caller hung up", "1002 is busy" …
std::string in_words(const sip::SessionEnd& end, std::string_view who);

}  // namespace switchroom::call
