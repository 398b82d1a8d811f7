// Names as they are spelled on a telephone's keys. Pure.
#pragma once

#include <string>
#include <string_view>

namespace switchroom::dialplan {

/// "Jürgen O'Neill" to "587436663455": the keys of its letters and digits, accents left out, and
/// nothing for what has no key. UTF-8; letters beyond Latin have none.
std::string keys_of(std::string_view name);

/// "Alice B. Johnson" to "Johnson Alice B.".
std::string last_name_first(std::string_view name);

}  // namespace switchroom::dialplan
