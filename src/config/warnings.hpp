// What works as it is written and is seldom meant; and what the variables of extensions hold.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Adds to `warnings` what can be told from the configuration alone. Of a snapshot that is complete.
void warn(const Snapshot& snapshot, const Places& places, std::vector<Problem>& warnings);

/// Asks whether the variables in [extensions.*.variables] can have their values.
void check_variables(const Snapshot& snapshot, const Places& places, const Checks& checks,
                     std::vector<Problem>& problems);

}  // namespace switchroom::config
