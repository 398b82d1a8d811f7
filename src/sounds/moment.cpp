#include "sounds/moment.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <time.h>

namespace switchroom::sounds {
namespace {

constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999

std::optional<unsigned> take_number(std::string_view& text, std::size_t digits) {
  unsigned value = 0;
  if (text.size() < digits) {
    return std::nullopt;
  }
  const auto [end, ec] = std::from_chars(text.data(), text.data() + digits, value);
  if (ec != std::errc{} || end != text.data() + digits) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char sign) {
  const bool there = text.starts_with(sign);
  text.remove_prefix(there ? 1 : 0);
  return there;
}

bool read_date(std::string_view& text, Moment& moment) {
  const auto year = take_number(text, 4);
  const auto month = year && take(text, '-') ? take_number(text, 2) : std::nullopt;
  const auto day = month && take(text, '-') ? take_number(text, 2) : std::nullopt;
  if (!day) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) {
    return false;
  }
  moment.year = *year;
  moment.month = *month;
  moment.day = *day;
  moment.weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
  moment.has_date = true;
  return true;
}

bool read_time(std::string_view& text, Moment& moment) {
  const auto hour = take_number(text, 2);
  const auto minute = hour && take(text, ':') ? take_number(text, 2) : std::nullopt;
  const bool seconds = minute && take(text, ':');
  if (!minute || *hour > 23 || *minute > 59 || (seconds && take_number(text, 2).value_or(60) > 59)) {
    return false;
  }
  moment.hour = *hour;
  moment.minute = *minute;
  moment.has_time = true;
  return true;
}

std::optional<Moment> at_second(std::int64_t second) {
  const std::time_t time = second;
  std::tm parts{};
  if (second < 0 || second > last_second || ::localtime_r(&time, &parts) == nullptr) {
    return std::nullopt;
  }
  Moment moment;
  moment.year = static_cast<unsigned>(parts.tm_year + 1900);
  moment.month = static_cast<unsigned>(parts.tm_mon + 1);
  moment.day = static_cast<unsigned>(parts.tm_mday);
  moment.weekday = static_cast<unsigned>(parts.tm_wday);
  moment.hour = static_cast<unsigned>(parts.tm_hour);
  moment.minute = static_cast<unsigned>(parts.tm_min);
  moment.has_date = moment.has_time = true;
  return moment;
}

}  // namespace

std::optional<Moment> read_moment(std::string_view text) {
  std::int64_t second = 0;
  if (const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), second);
      ec == std::errc{} && end == text.data() + text.size()) {
    return at_second(second);
  }
  Moment moment;
  const bool date_first = text.size() > 4 && text[4] == '-';
  if (date_first && !read_date(text, moment)) {
    return std::nullopt;
  }
  if (date_first && !text.empty() && !take(text, ' ') && !take(text, 'T')) {
    return std::nullopt;
  }
  if (!text.empty() && !read_time(text, moment)) {
    return std::nullopt;
  }
  return text.empty() && (moment.has_date || moment.has_time) ? std::optional(moment) : std::nullopt;
}

}  // namespace switchroom::sounds
