// Time: deadlines count on the steady clock, records on the wall clock; a jump of the wall clock
// never moves a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace switchroom::base {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

/// Wall-clock time in microseconds since 1970-01-01 UTC; 0 means "never happened".
using WallMicros = std::int64_t;
WallMicros wall_now();

/// "2026-11-22 21:33:51" in UTC or in the process's local zone; empty for 0.
std::string utc_stamp(WallMicros when);
std::string local_stamp(WallMicros when);

}  // namespace switchroom::base
