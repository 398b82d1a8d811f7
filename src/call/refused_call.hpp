// A call that a limit refuses before it becomes one: what the log says of it, and its record.
#pragma once

#include "cdr/record.hpp"
#include "config/snapshot.hpp"
#include "sip/session/session.hpp"

#include <string>

namespace switchroom::call {

/// "1001 to 1002 from 192.0.2.7", and the trunk that it came by.
std::string who_calls_whom(const sip::IncomingCall& call);

/// A whole record, with an id of its own: SWITCH_CONGESTION, no time at all.
cdr::Record record_of_refused(const sip::IncomingCall& call, const config::Snapshot& config, int status);

}  // namespace switchroom::call
