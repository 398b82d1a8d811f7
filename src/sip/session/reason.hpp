// The Reason header (RFC 3326), and what a message says about a call's end.
#pragma once

#include "sip/session/session.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// The causes of all Reason headers of a message; 0 where a protocol is not named. Pure.
struct Reason {
  int q850 = 0;
  int sip = 0;
  std::string text;  // of the Q.850 reason, else of the SIP one; bounded
};
Reason parse_reason(const Message& message);

/// A Reason header's value: `sip_reason` as given, then `Q.850;cause=16;text="NORMAL_CLEARING"` unless 0.
/// Empty when there is nothing to say.
std::string reason_value(int q850, std::string_view sip_reason);

/// Retry-After in seconds, without its comment and parameters.
std::optional<std::uint32_t> parse_retry_after(const Message& message);

/// How a final response other than 2xx ends a call.
SessionEnd end_by_response(const Message& response);

}  // namespace switchroom::sip
