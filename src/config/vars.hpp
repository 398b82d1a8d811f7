// [vars]: names for values, available as $${name} in every text of the file.
#pragma once

#include "config/document.hpp"

#include <map>
#include <string>
#include <string_view>

namespace switchroom::config {

using Vars = std::map<std::string, std::string>;

/// Reads the table [vars], variables within variables replaced. Adds what is wrong with it to `problems`.
Vars read_vars(const Node& root, std::vector<Problem>& problems);

/// Replaces each $${name}. On failure an empty optional, with the sentence in `wrong`. An unclosed $${
/// and the ${…} of the dialplan stay as they are.
std::optional<std::string> replace_vars(std::string_view text, const Vars& vars, std::string& wrong);

/// One segment of a path, as in [profiles.NAME]: letters, digits and . _ + * # -, at most 64.
bool is_name(std::string_view text);

}  // namespace switchroom::config
