// "did you mean …": the nearest of some words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other (optimal
/// string alignment). Pure; letters' case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "; did you mean listen" when a word is near enough to be what was meant, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& words);

/// The keys of a map by name, to mean one of.
template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) {
    names.push_back(name);
  }
  return names;
}

}  // namespace switchroom::config
