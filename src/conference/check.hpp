// What `switchroom check` finds in conferences and their keys.
#pragma once

#include "config/load.hpp"

#include <vector>

namespace switchroom::conference {

/// For config::Checks.
std::vector<config::Problem> check(const config::Snapshot& config);

}  // namespace switchroom::conference
