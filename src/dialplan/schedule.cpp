#include "dialplan/schedule.hpp"

#include "dialplan/calendar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace switchroom::dialplan {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr int day_minutes = 24 * 60;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                : std::nullopt;
}

/// "Monday" and "mon" alike.
template <std::size_t N>
std::optional<int> named(std::string_view text, const std::array<std::string_view, N>& names) {
  if (text.size() < 3) {
    return std::nullopt;
  }
  std::string small(text.substr(0, 3));
  std::ranges::transform(small, small.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  const auto found = std::ranges::find(names, small);
  return found == names.end() ? std::nullopt : std::optional(static_cast<int>(found - names.begin()));
}

std::optional<int> weekday(std::string_view text) { return named(text, weekday_names); }
template <int First, int Last>
std::optional<int> within(std::string_view text) {
  const auto value = number(text);
  return value && *value >= First && *value <= Last ? value : std::nullopt;
}
/// 1 is Sunday.
std::optional<int> numbered_weekday(std::string_view text) {
  const auto value = within<1, 7>(text);
  return value ? std::optional(*value - 1) : weekday(text);
}
/// 1 is the first after midnight.
std::optional<int> numbered_minute(std::string_view text) {
  const auto value = within<1, day_minutes>(text);
  return value ? std::optional(*value - 1) : std::nullopt;
}
std::optional<int> month(std::string_view text) {
  if (const auto value = number(text)) {
    return *value >= 1 && *value <= 12 ? value : std::nullopt;
  }
  const auto value = named(text, month_names);
  return value ? std::optional(*value + 1) : std::nullopt;
}
/// "9:30", "09:30", "24:00".
std::optional<int> minute(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.size() - colon != 3) {
    return std::nullopt;
  }
  const auto hours = number(text.substr(0, colon));
  const auto minutes = number(text.substr(colon + 1));
  if (!hours || !minutes || *hours < 0 || *hours > 24 || *minutes < 0 || *minutes > 59 ||
      *hours * 60 + *minutes > day_minutes) {
    return std::nullopt;
  }
  return *hours * 60 + *minutes;
}

using ReadOne = std::optional<int> (*)(std::string_view);

base::result<Ranges> read_ranges(std::string_view text, ReadOne one, std::string_view example) {
  Ranges ranges;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const auto dash = part.find('-');
    const auto first = one(trimmed(part.substr(0, dash)));
    const auto last = dash == std::string_view::npos ? first : one(trimmed(part.substr(dash + 1)));
    if (!first || !last) {
      return base::Error{fmt::format("\"{}\" is not understood; {}", part, example)};
    }
    ranges.push_back({*first, *last});
  }
  if (ranges.empty()) {
    return base::Error{fmt::format("it is empty; {}", example)};
  }
  return ranges;
}

/// To 17:00 is to 16:59 and 59 seconds. A single moment is its minute.
void end_before(Ranges& minutes) {
  for (Range& range : minutes) {
    if (range.first != range.last) {
      range.last = (range.last + day_minutes - 1) % day_minutes;
    }
  }
}

struct Date {
  int year = 0;
  int month_day = 0;
};

std::optional<Date> date(std::string_view text) {
  Date found;
  if (text.size() == 10 && text[4] == '-') {
    const auto year = number(text.substr(0, 4));
    if (!year) {
      return std::nullopt;
    }
    found.year = *year;
    text.remove_prefix(5);
  }
  if (text.size() != 5 || text[2] != '-') {
    return std::nullopt;
  }
  constexpr std::array<int, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto in_month = number(text.substr(0, 2));
  const auto day = number(text.substr(3));
  if (!in_month || !day || *in_month < 1 || *in_month > 12 || *day < 1 ||
      *day > longest[static_cast<std::size_t>(*in_month)]) {
    return std::nullopt;
  }
  found.month_day = *in_month * 100 + *day;
  return found;
}

constexpr std::string_view date_example =
    "a date is written 2026-12-25, or 12-25 for every year, and a time from one to another 12-24..12-26";

base::result<DateRange> read_date(std::string_view part) {
  const auto dots = part.find("..");
  const auto first = date(trimmed(part.substr(0, dots)));
  const auto last = dots == std::string_view::npos ? first : date(trimmed(part.substr(dots + 2)));
  if (!first || !last || (first->year == 0) != (last->year == 0) ||
      (first->year != 0 &&
       (last->year < first->year || (last->year == first->year && last->month_day < first->month_day)))) {
    return base::Error{fmt::format("\"{}\" is not understood; {}", part, date_example)};
  }
  return DateRange{first->year, last->year, {first->month_day, last->month_day}};
}

base::result<std::vector<DateRange>> read_dates(const std::vector<std::string>& parts) {
  std::vector<DateRange> dates;
  for (const auto& part : parts) {
    if (part.ends_with(".ics")) {
      auto calendar = read_calendar(part);
      if (!calendar) {
        return calendar.error();
      }
      dates.insert(dates.end(), calendar->begin(), calendar->end());
      continue;
    }
    auto one = read_date(trimmed(part));
    if (!one) {
      return one.error();
    }
    dates.push_back(*one);
  }
  return dates;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    parts.emplace_back(trimmed(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

bool any(const Ranges& ranges, int value) {
  return ranges.empty() ||
         std::ranges::any_of(ranges, [&](const Range& range) { return range.holds(value); });
}

struct Field {
  std::string_view name;
  ReadOne read;
  Ranges Schedule::* part;
  std::string_view example;
};
constexpr std::array fields{
    Field{"time_of_day", minute, &Schedule::minutes, "a time of day is written 09:00-17:30"},
    Field{"days", weekday, &Schedule::weekdays, "days are written mon-fri, sun"},
    Field{"months", month, &Schedule::months, "months are written jan-mar, 12"},
    Field{"weeks", within<1, 53>, &Schedule::weeks, "weeks are written 1-26, 53"},
    Field{"day_of_week", numbered_weekday, &Schedule::weekdays,
          "days are written 2-6 (1 is Sunday) or mon-fri"},
    Field{"wday", numbered_weekday, &Schedule::weekdays, "days are written 2-6 (1 is Sunday) or mon-fri"},
    Field{"mday", within<1, 31>, &Schedule::month_days, "days of the month are written 1-15, 31"},
    Field{"yday", within<1, 366>, &Schedule::year_days, "days of the year are written 1-100"},
    Field{"mon", month, &Schedule::months, "months are written 1-3, dec"},
    Field{"week", within<1, 53>, &Schedule::weeks, "weeks are written 1-26, 53"},
    Field{"mweek", within<1, 6>, &Schedule::month_weeks, "weeks of the month are written 1-6"},
    Field{"year", within<1970, 9999>, &Schedule::years, "years are written 2026-2028"},
    Field{"hour", within<0, 23>, &Schedule::hours, "hours are written 9-17 (to 17:59)"},
    Field{"minute", within<0, 59>, &Schedule::hour_minutes, "minutes are written 0-29"},
    Field{"minute_of_day", numbered_minute, &Schedule::minutes,
          "minutes of the day are written 541-1020, of 1440"},
};

/// "minute-of-day" as people may bring it along.
std::string our_name(std::string_view field) {
  std::string name(field);
  std::ranges::replace(name, '-', '_');
  return name;
}

constexpr std::string_view moment_example =
    "a time from one moment to another is written 2026-12-24 14:00~2026-12-27 08:00";

/// "2026-12-24 14:00" or "2026-12-24 14:00:30". A second that is past makes the minute one that counts.
std::optional<std::int64_t> moment_of(std::string_view text, bool is_end) {
  const auto space = text.find(' ');
  const auto day = date(text.substr(0, space));
  if (!day || day->year == 0 || space == std::string_view::npos) {
    return std::nullopt;
  }
  auto clock = trimmed(text.substr(space));
  int seconds = 0;
  if (clock.size() == 8 && clock[5] == ':') {
    const auto read = within<0, 59>(clock.substr(6));
    if (!read) {
      return std::nullopt;
    }
    seconds = *read;
    clock = clock.substr(0, 5);
  }
  const auto of_day = minute(clock);
  if (!of_day) {
    return std::nullopt;
  }
  const LocalTime when{
      .year = day->year, .month = day->month_day / 100, .day = day->month_day % 100, .minute = *of_day};
  return moment_number(when) + (is_end && seconds > 0 ? 1 : 0);
}

base::result<std::vector<MomentRange>> read_moments(std::string_view text) {
  std::vector<MomentRange> moments;
  for (const auto& part : split(text)) {
    const auto wave = part.find('~');
    const auto first = moment_of(trimmed(std::string_view(part).substr(0, wave)), false);
    const auto end = wave == std::string::npos
                         ? std::nullopt
                         : moment_of(trimmed(std::string_view(part).substr(wave + 1)), true);
    if (!first || !end || *end <= *first) {
      return base::Error{fmt::format("\"{}\" is not understood; {}", part, moment_example)};
    }
    moments.push_back({*first, *end});
  }
  if (moments.empty()) {
    return base::Error{fmt::format("it is empty; {}", moment_example)};
  }
  return moments;
}

base::result<void> read_part(Schedule& schedule, std::string_view name, std::string_view text) {
  const auto field = std::ranges::find(fields, name, &Field::name);
  auto ranges = read_ranges(text, field->read, field->example);
  if (!ranges) {
    return ranges.error();
  }
  if (name == "time_of_day") {
    end_before(*ranges);
  }
  schedule.*(field->part) = std::move(*ranges);
  return {};
}

}  // namespace

bool DateRange::holds(const LocalTime& now) const {
  const int today = now.month * 100 + now.day;
  if (first_year == 0) {
    return days.holds(today);
  }
  const int all = now.year * 10000 + today;
  return all >= first_year * 10000 + days.first && all <= last_year * 10000 + days.last;
}

std::int64_t moment_number(const LocalTime& now) {
  return ((now.year * 13LL + now.month) * 32 + now.day) * day_minutes + now.minute;
}

bool Schedule::holds(const LocalTime& now) const {
  const auto on = [&](const DateRange& range) { return range.holds(now); };
  const auto at = [this_minute = moment_number(now)](const MomentRange& range) {
    return this_minute >= range.first && this_minute < range.end;
  };
  return any(minutes, now.minute) && any(weekdays, now.weekday) && any(months, now.month) &&
         any(weeks, now.week) && any(month_days, now.day) && any(month_weeks, now.month_week) &&
         any(year_days, now.year_day) && any(years, now.year) && any(hours, now.minute / 60) &&
         any(hour_minutes, now.minute % 60) && (moments.empty() || std::ranges::any_of(moments, at)) &&
         (dates.empty() || std::ranges::any_of(dates, on)) && std::ranges::none_of(except, on);
}

bool is_time_field(std::string_view field) {
  const std::string name = our_name(field);
  return name == "hours" || name == "dates" || name == "date_time" ||
         std::ranges::find(fields, std::string_view(name), &Field::name) != fields.end();
}

std::vector<std::string> time_fields() {
  std::vector<std::string> names{"hours", "dates", "date_time"};
  for (const auto& field : fields) {
    names.emplace_back(field.name);
  }
  return names;
}

base::result<Schedule> parse_schedule(std::string_view field, std::string_view text) {
  Schedule schedule;
  const std::string name = our_name(field);
  if (name == "date_time") {
    auto moments = read_moments(text);
    if (!moments) {
      return moments.error();
    }
    schedule.moments = std::move(*moments);
    return schedule;
  }
  if (name == "dates") {
    auto dates = read_dates(split(text));
    if (!dates) {
      return dates.error();
    }
    if (dates->empty()) {
      return base::Error{fmt::format("it is empty; {}", date_example)};
    }
    schedule.dates = std::move(*dates);
    return schedule;
  }
  if (const auto read = read_part(schedule, name, text); !read) {
    return read.error();
  }
  return schedule;
}

base::result<Schedule> parse_hours(const config::Hours& hours) {
  Schedule schedule;
  for (const auto& [name, text] : {std::pair{"time_of_day", &hours.time}, std::pair{"days", &hours.days},
                                   std::pair{"months", &hours.months}}) {
    if (text->empty()) {
      continue;
    }
    if (const auto read = read_part(schedule, name, *text); !read) {
      return read.error();
    }
  }
  auto dates = read_dates(hours.dates);
  auto except = read_dates(hours.except);
  if (!dates || !except) {
    return dates ? except.error() : dates.error();
  }
  schedule.dates = std::move(*dates);
  schedule.except = std::move(*except);
  return schedule;
}

std::string check_hours(const config::Hours& hours) {
  const auto parsed = parse_hours(hours);
  return parsed ? std::string() : parsed.error().what;
}

}  // namespace switchroom::dialplan
