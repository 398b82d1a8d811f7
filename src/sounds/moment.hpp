// A point in time as it is written in the argument of date:, time: and datetime:.
#pragma once

#include <optional>
#include <string_view>

namespace switchroom::sounds {

struct Moment {
  unsigned year = 0;
  unsigned month = 1;
  unsigned day = 1;
  unsigned weekday = 0;  // 0: Sunday
  unsigned hour = 0;
  unsigned minute = 0;
  bool has_date = false;
  bool has_time = false;
};

/// "1782345600" (seconds since 1970, in the process's zone), "2026-12-25", "14:30", "2026-12-25 14:30";
/// seconds behind the minutes are read and not said. Nullopt: none of them, or no such day.
std::optional<Moment> read_moment(std::string_view text);

}  // namespace switchroom::sounds
