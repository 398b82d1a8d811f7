// Why a call ended, in the three languages of the trade: a name, ITU-T Q.850, a SIP status.
#pragma once

#include <span>
#include <string_view>

namespace switchroom::sip {

struct Cause {
  std::string_view name;  // "USER_BUSY": the names that dialplans and records use
  int q850;               // 1 to 127, as it may stand in a Reason header
  int sip_status;         // what refuses an INVITE for this cause (RFC 3398 section 8.2.6.1 and practice)
  int number;             // in records: q850, or a number over 127 for a cause that Q.850 does not know
};

/// All causes in the order of their numbers. Any thread.
std::span<const Cause> causes();
/// By name, without case; nullptr for an unknown one.
const Cause* cause_named(std::string_view name);
/// By Q.850 value or by a record's number; an unknown one is NORMAL_UNSPECIFIED.
const Cause& cause_of_q850(int q850);
/// What a final response to INVITE says (RFC 3398 section 7.2.4.1 and practice); an unknown one is
/// NORMAL_UNSPECIFIED, 2xx is NORMAL_CLEARING.
const Cause& cause_of_status(int status);

}  // namespace switchroom::sip
