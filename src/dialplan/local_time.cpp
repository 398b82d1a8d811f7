#include "dialplan/local_time.hpp"

#include "dialplan/schedule.hpp"

#include <charconv>
#include <time.h>

namespace switchroom::dialplan {
namespace {

std::tm broken_down(base::WallMicros when) {
  const auto seconds = static_cast<std::time_t>(when / 1'000'000);
  std::tm parts{};
  (void)::localtime_r(&seconds, &parts);
  return parts;
}

/// ISO 8601: the week of the year's Thursday.
int iso_week(const std::tm& parts) {
  const int monday_based = (parts.tm_wday + 6) % 7;
  const int week = (parts.tm_yday - monday_based + 10) / 7;
  if (week >= 1 && week <= 52) {
    return week;
  }
  std::tm thursday = parts;
  thursday.tm_mday += 3 - monday_based;
  thursday.tm_hour = 12;
  thursday.tm_isdst = -1;
  (void)::mktime(&thursday);
  return thursday.tm_yday / 7 + 1;
}

/// "2026-12-25"; false: it is none.
bool read_date(std::string_view text, std::tm& parts) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return false;
  }
  const auto number = [&](std::size_t at, std::size_t size, int& value) {
    const auto [end, ec] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return ec == std::errc{} && end == text.data() + at + size;
  };
  if (!number(0, 4, parts.tm_year) || !number(5, 2, parts.tm_mon) || !number(8, 2, parts.tm_mday)) {
    return false;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return parts.tm_mon >= 0 && parts.tm_mon < 12 && parts.tm_mday >= 1 && parts.tm_mday <= 31;
}

base::WallMicros made(std::tm parts) {
  parts.tm_isdst = -1;
  return static_cast<base::WallMicros>(::mktime(&parts)) * 1'000'000;
}

}  // namespace

LocalTime local_time(base::WallMicros when) {
  const std::tm parts = broken_down(when);
  return {.year = parts.tm_year + 1900,
          .month = parts.tm_mon + 1,
          .day = parts.tm_mday,
          .weekday = parts.tm_wday,
          .minute = parts.tm_hour * 60 + parts.tm_min,
          .week = iso_week(parts),
          .year_day = parts.tm_yday + 1,
          .month_week = (parts.tm_mday - 1 + (parts.tm_wday - (parts.tm_mday - 1) % 7 + 7) % 7) / 7 + 1};
}

std::optional<base::WallMicros> moment(std::string_view text, base::WallMicros now) {
  std::tm parts = broken_down(now);
  parts.tm_sec = 0;
  const auto space = text.find(' ');
  const auto first = text.substr(0, space);
  auto clock = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  if (!read_date(first, parts)) {
    if (const auto day = parse_schedule("days", first)) {
      parts.tm_mday += (day->weekdays.front().first - parts.tm_wday + 7) % 7;
    } else if (clock.empty()) {
      clock = first;
    } else {
      return std::nullopt;
    }
  }
  if (!clock.empty()) {
    const auto time = parse_schedule("time_of_day", clock);
    if (!time || time->minutes.size() != 1) {
      return std::nullopt;
    }
    parts.tm_hour = time->minutes.front().first / 60;
    parts.tm_min = time->minutes.front().first % 60;
  }
  return made(parts);
}

}  // namespace switchroom::dialplan
