// What `switchroom check` finds in the values of variables that calls and legs are steered by.
#pragma once

#include "dialplan/dial_string.hpp"

#include <string>
#include <string_view>

namespace switchroom::call {

/// Empty when the variable can be read, is none of ours, or holds what only a call knows (`${…}`); else what
/// it takes. `name` may have the "nolocal:" of `export` in front. Pure.
std::string check_variable(std::string_view name, std::string_view value);
/// The same of all in a `{…}` or `[…]`: the first that is wrong.
std::string check_variables(const dialplan::Assignments& variables);

}  // namespace switchroom::call
