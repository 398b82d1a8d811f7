// Reading the arguments of applications.
#pragma once

#include "config/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::apps {

/// Does the text hold a ${variable} or a $1, so that only the call will know its value?
inline bool is_computed(std::string_view text) { return text.find('$') != std::string_view::npos; }

/// A whole number without sign, nothing around it.
inline std::optional<unsigned> whole_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// The words of an argument, with blanks between them.
inline std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) {
      found.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

/// "486 Busy Here" is "486" and "Busy Here".
inline std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) {
    return {text, {}};
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

/// For applications that take nothing.
inline std::string check_nothing(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() ? std::string() : "it takes no argument";
}

}  // namespace switchroom::apps
