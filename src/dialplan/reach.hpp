// Whether a number can lead anywhere: for `switchroom check`.
#pragma once

#include "config/snapshot.hpp"

#include <string>

namespace switchroom::dialplan {

/// Has `context` an entry that a call to `number` could match, whatever else the entry asks for? False only
/// when no call ever could. Pure.
bool may_reach(const std::string& context, const std::string& number, const config::Snapshot& snapshot);

}  // namespace switchroom::dialplan
