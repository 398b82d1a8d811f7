// The world's time zones, so that a machine without zone data (an empty chroot, a container) has them too.
#pragma once

#include <optional>
#include <string_view>

namespace switchroom::base {

/// What holds in the zone "Europe/Berlin" from now on, in the notation of POSIX
/// ("CET-1CEST,M3.5.0,M10.5.0/3"); nullopt: there is no such zone. Zones whose rules for the coming years are
/// a list (Morocco's Ramadan) have their usual time.
std::optional<std::string_view> zone_rule(std::string_view name);

}  // namespace switchroom::base
