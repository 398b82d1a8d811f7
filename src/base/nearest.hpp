// "Did you mean": the nearest of several words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::base {

/// The candidate that the fewest insertions, deletions, replacements and swaps of neighbours make of
/// `word`; empty when even that is more than a third of its length (two for short words) away.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace switchroom::base
