#include "config/bans_settings.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace switchroom::config {
namespace {

constexpr std::size_t longest_name = 31;  // so that a set's name with a 6 behind it fits older kernels

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

}  // namespace

base::result<NftablesSet> parse_nftables(std::string_view text) {
  std::istringstream words{std::string(text)};
  NftablesSet where;
  std::string more;
  words >> where.family >> where.table >> where.set;
  const bool known = where.family == "inet" || where.family == "ip" || where.family == "ip6";
  if (!known || !is_name(where.table) || !is_name(where.set) || words >> more) {
    return base::Error{
        "write family, table and set, as in \"inet filter switchroom\"; the family is inet, ip or ip6"};
  }
  return where;
}

}  // namespace switchroom::config
