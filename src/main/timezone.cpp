#include "main/timezone.hpp"

#include "base/zones.hpp"

#include <filesystem>
#include <stdlib.h>
#include <time.h>

namespace switchroom::main {

void use_timezone(const std::string& zone) {
  if (!zone.empty()) {
    // NOLINTBEGIN(concurrency-mt-unsafe): before threads
    const char* const set = ::getenv("TZDIR");
    const std::filesystem::path folder = set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo";
    std::error_code missing;
    const auto rule = base::zone_rule(zone);
    // The system's data knows the past too. The colon says that this is a file's name, never a rule.
    const bool has_file = std::filesystem::is_regular_file(folder / zone, missing);
    const std::string value = has_file || !rule ? ":" + zone : std::string(*rule);
    (void)::setenv("TZ", value.c_str(), 1);
    // NOLINTEND(concurrency-mt-unsafe)
  }
  ::tzset();
}

}  // namespace switchroom::main
