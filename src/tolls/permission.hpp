// What the file allows, held against where a number leads.
#pragma once

#include "config/tolls_settings.hpp"
#include "tolls/number.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::tolls {

/// Words of `tolls = […]` and `[tolls] allow`: a country ("de"), "abroad" (every country), "premium",
/// "satellite", or what numbers begin with ("+4930", whatever they cost). Pure.
struct Permission {
  bool allowed = true;
  std::string why;                   // "+4930123 (Germany) is abroad"
  std::vector<std::string> missing;  // {"de"}: the words that would allow it
};

/// `sent` leads to `to`; `words` are those of the extension, the route, the trunk and the office together.
Permission permission_for(const Destination& to, std::string_view sent,
                          const std::vector<std::string_view>& words);

/// For config::Checks: why a word means nothing, or empty.
std::string check_word(const std::string& word);
/// The same of the code of a country.
std::string check_country(const std::string& iso);

}  // namespace switchroom::tolls
