// A moment on the clock of the office's wall.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string_view>

namespace switchroom::dialplan {

/// In the process's local zone ([pbx] timezone).
struct LocalTime {
  int year = 1970;
  int month = 1;       // 1 to 12
  int day = 1;         // 1 to 31
  int weekday = 4;     // 0: Sunday
  int minute = 0;      // of the day
  int week = 1;        // ISO 8601, 1 to 53
  int year_day = 1;    // 1 to 366
  int month_week = 1;  // 1 to 6; weeks begin on Sunday
};
LocalTime local_time(base::WallMicros when);

/// "Sat 10:00", "2026-12-25 10:00", "2026-12-25", "10:00", as somebody would ask: the next such moment from
/// `now` on where no date is given.
std::optional<base::WallMicros> moment(std::string_view text, base::WallMicros now);

}  // namespace switchroom::dialplan
