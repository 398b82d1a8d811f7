#include "tolls/permission.hpp"

#include "config/suggestions.hpp"

#include <algorithm>
#include <array>

namespace switchroom::tolls {
namespace {

constexpr std::array<std::string_view, 3> kinds{"abroad", "premium", "satellite"};

bool is_number(std::string_view word) {
  return word.size() > 1 && word.starts_with('+') &&
         word.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

std::string price_of(std::string_view special) {
  return special == "premium" ? "is a number of premium or shared cost" : "is a satellite's";
}

}  // namespace

Permission permission_for(const Destination& to, std::string_view sent,
                          const std::vector<std::string_view>& words) {
  const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  const auto is_listed = [&](std::string_view word) {
    return is_number(word) && to.e164.starts_with(word.substr(1));
  };
  Permission permission;
  if (!to.is_costly() || std::ranges::any_of(words, is_listed)) {
    return permission;
  }
  const bool of_a_country = to.country != nullptr;
  if (to.abroad && of_a_country && !has("abroad") && !has(to.country->iso)) {
    permission.missing.emplace_back(to.country->iso);
    permission.why = "is abroad";
  } else if (to.abroad && !of_a_country && to.special.empty() && !has("abroad")) {
    permission.missing.emplace_back("+" + to.e164);
    permission.why = "is abroad, in no country that is known";
  }
  if (!to.special.empty() && !has(to.special)) {
    permission.missing.emplace_back(to.special);
    permission.why += (permission.why.empty() ? "" : " and ") + price_of(to.special);
  }
  permission.allowed = permission.missing.empty();
  permission.why = permission.allowed ? "" : to.text(sent) + " " + permission.why;
  return permission;
}

std::string check_word(const std::string& word) {
  if (is_number(word) || std::ranges::find(kinds, word) != kinds.end() || country_called(word) != nullptr) {
    return {};
  }
  const std::string meaning =
      "\"" + word +
      "\" is neither a country (as in \"de\"), nor \"abroad\", \"premium\" or \"satellite\", nor the "
      "beginning of numbers (as in \"+4930\")";
  std::vector<std::string> known(kinds.begin(), kinds.end());
  return meaning + config::did_you_mean(word, known);
}

std::string check_country(const std::string& iso) {
  return country_called(iso) != nullptr
             ? ""
             : "there is no country \"" + iso + "\": its ISO code is meant, as in \"de\"";
}

}  // namespace switchroom::tolls
