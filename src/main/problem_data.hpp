// Problems and warnings of a configuration as data, for `--json`.
#pragma once

#include "config/load.hpp"

#include <boost/json/array.hpp>

#include <vector>

namespace switchroom::main {

/// Each as {"file": …, "line": …, "column": …, "key": …, "what": …}; line and column are 0, the key empty
/// where there is none.
boost::json::array problem_data(const std::vector<config::Problem>& problems);

}  // namespace switchroom::main
