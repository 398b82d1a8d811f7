// Transfers that lead nowhere.
#pragma once

#include "config/load.hpp"
#include "config/snapshot.hpp"

#include <vector>

namespace switchroom::config {

/// Each `transfer` and `execute_extension` to a constant number that no entry of its context could match is a
/// problem: a caller would end there. Uses Checks::reaches.
void check_destinations(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems);

}  // namespace switchroom::config
