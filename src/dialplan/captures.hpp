// $0 to $9 in the arguments of actions. Private to this room.
#pragma once

#include "dialplan/pattern.hpp"

#include <string>
#include <string_view>

namespace switchroom::dialplan {

/// Replaces each $N. A dollar sign that comes from a capture is written as \$, so that what a caller dialled
/// is text when the argument is expanded later. \$1 stays as it is, and becomes "$1" then.
std::string with_captures(std::string_view argument, const Captures& captures);
/// The same for the argument of an application that takes a dial string: what was dialled adds no target.
std::string with_captures_for_dialling(std::string_view argument, const Captures& captures);

}  // namespace switchroom::dialplan
