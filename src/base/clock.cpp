#include "base/clock.hpp"

#include <fmt/core.h>

#include <ctime>

namespace switchroom::base {
namespace {

constexpr WallMicros micros_per_second = 1'000'000;

// Rounds towards the past, so that times before 1970 are right too.
std::time_t seconds_of(WallMicros when) {
  return when / micros_per_second - (when % micros_per_second < 0 ? 1 : 0);
}

std::string stamp(const std::tm& parts) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

WallMicros wall_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string utc_stamp(WallMicros when) {
  std::tm parts{};
  const std::time_t seconds = seconds_of(when);
  return when == 0 || gmtime_r(&seconds, &parts) == nullptr ? std::string() : stamp(parts);
}

std::string local_stamp(WallMicros when) {
  std::tm parts{};
  const std::time_t seconds = seconds_of(when);
  return when == 0 || localtime_r(&seconds, &parts) == nullptr ? std::string() : stamp(parts);
}

}  // namespace switchroom::base
