// When: the times of day, days, dates and opening hours of conditions. Pure.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "dialplan/local_time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::dialplan {

/// A range of whole numbers, both ends in it; one that ends before it begins goes round ("fri-mon").
struct Range {
  int first = 0;
  int last = 0;
  [[nodiscard]] bool holds(int value) const {
    return first <= last ? value >= first && value <= last : value >= first || value <= last;
  }
};
using Ranges = std::vector<Range>;  // any of them; none: always

/// Days of one year, or of each year when `year` is 0, as month * 100 + day.
struct DateRange {
  int first_year = 0;
  int last_year = 0;
  Range days;
  [[nodiscard]] bool holds(const LocalTime& now) const;
};

/// From one minute to another, the last one out of it; as whole numbers that grow with time.
struct MomentRange {
  std::int64_t first = 0;
  std::int64_t end = 0;
};
/// The minute that `now` is in, for MomentRange.
std::int64_t moment_number(const LocalTime& now);

/// All that is given must hold; of each, any part is enough.
struct Schedule {
  Ranges minutes;  // of the day
  Ranges weekdays;
  Ranges months;
  Ranges weeks;  // ISO 8601
  Ranges month_days;
  Ranges month_weeks;
  Ranges year_days;
  Ranges years;
  Ranges hours;
  Ranges hour_minutes;
  std::vector<MomentRange> moments;
  std::vector<DateRange> dates;
  std::vector<DateRange> except;
  [[nodiscard]] bool holds(const LocalTime& now) const;
};

/// Is `field` of `when` one of time: hours, time_of_day, days, dates, months, weeks, or, as people bring them
/// along, day_of_week, wday, mday, yday, mon, week, mweek, year, hour, minute, minute_of_day, date_time
/// (minute-of-day, time-of-day and date-time mean the same)?
bool is_time_field(std::string_view field);
std::vector<std::string> time_fields();

/// "09:00-12:30, 13:30-17:00" (the last minute is out: 17:00 is closed), "mon-fri, sun", "jan-mar",
/// "2026-12-24..2026-12-26, 01-01" (without a year: every year), "1-26"; day_of_week and wday "2-6" (1 is
/// Sunday), minute_of_day "541-1020" (1 to 1440), date_time "2026-12-24 14:00~2026-12-27 08:00" (any number
/// of them). The error is a sentence.
base::result<Schedule> parse_schedule(std::string_view field, std::string_view text);

/// [hours.NAME], its calendars (.ics files among its dates) read.
base::result<Schedule> parse_hours(const config::Hours& hours);
std::string check_hours(const config::Hours& hours);  // why they cannot be used, or empty

}  // namespace switchroom::dialplan
