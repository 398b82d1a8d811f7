// Which recordings go: by age, by size, by what is free on the disk.
#pragma once

#include "base/clock.hpp"
#include "config/recording_settings.hpp"
#include "recording/index.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace switchroom::recording {

struct Doomed {
  Entry entry;
  std::string reason;  // "older than 90 days"
};

/// Pure. `entries`: the oldest first; one that is running never goes. `free`: bytes on the file system.
std::vector<Doomed> doomed(const std::vector<Entry>& entries, const config::Recording& settings,
                           base::WallMicros now, std::uint64_t free);

/// The rule with the longest pattern that matches, or null.
const config::RetentionRule* rule_for(const std::string& file, const config::Recording& settings);

}  // namespace switchroom::recording
