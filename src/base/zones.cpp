#include "base/zones.hpp"

#include <algorithm>
#include <iterator>

namespace switchroom::base {
namespace {

struct Zone {
  std::string_view name;
  std::string_view rule;
};
constexpr Zone zones[] = {
#include "base/zone_table.inc"
};
static_assert(std::is_sorted(std::begin(zones), std::end(zones),
                             [](const Zone& a, const Zone& b) { return a.name < b.name; }));

}  // namespace

std::optional<std::string_view> zone_rule(std::string_view name) {
  const auto* const found =
      std::lower_bound(std::begin(zones), std::end(zones), name,
                       [](const Zone& zone, std::string_view wanted) { return zone.name < wanted; });
  return found != std::end(zones) && found->name == name ? std::optional(found->rule) : std::nullopt;
}

}  // namespace switchroom::base
