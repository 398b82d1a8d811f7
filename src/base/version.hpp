#pragma once

#include <string_view>

namespace switchroom::base {

/// The release, such as "0.1.0": the number in CMakeLists.txt. Any thread.
std::string_view version();

/// The git revision that was built, with "+" behind it if the tree had changes that were not
/// committed; "unknown" outside a git checkout. Any thread.
std::string_view revision();

}  // namespace switchroom::base
