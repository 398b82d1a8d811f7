#include "dialplan/calendar.hpp"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>

namespace switchroom::dialplan {
namespace {

using Days = std::chrono::sys_days;
constexpr std::size_t largest_file = 4U << 20U;

/// One content line, unfolded: NAME;PARAMETER=…:VALUE.
struct Line {
  std::string_view name;
  std::string_view parameters;
  std::string_view value;
};

Line parted(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto end = std::min(text.find(';'), colon);
  return {text.substr(0, end), text.substr(end, colon - end),
          colon < text.size() ? text.substr(colon + 1) : std::string_view()};
}

/// Lines that begin with a blank go on with the one before (RFC 5545 section 3.1).
std::vector<std::string> unfolded(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (!lines.empty() && (line.starts_with(' ') || line.starts_with('\t'))) {
      lines.back() += line.substr(1);
    } else {
      lines.emplace_back(line);
    }
  }
  return lines;
}

/// "20261225" and "20261225T090000Z".
std::optional<Days> day_of(std::string_view value) {
  int number = 0;
  const auto [end, ec] =
      std::from_chars(value.data(), value.data() + std::min<std::size_t>(8, value.size()), number);
  if (ec != std::errc{} || end != value.data() + 8) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(number / 10000),
                                         std::chrono::month(static_cast<unsigned>(number / 100 % 100)),
                                         std::chrono::day(static_cast<unsigned>(number % 100)));
  return date.ok() ? std::optional(Days(date)) : std::nullopt;
}

struct Event {
  std::string summary;
  std::optional<Days> first;
  std::optional<Days> end;
  bool end_is_out = true;  // a date, or midnight
  std::string repetition;
};

int month_day(const std::chrono::year_month_day& date) {
  return static_cast<int>(static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day()));
}

base::result<DateRange> range_of(const Event& event) {
  if (!event.first) {
    return base::Error{fmt::format("the event \"{}\" has no DTSTART that is a date", event.summary)};
  }
  Days last = event.end.value_or(*event.first);
  if (event.end && event.end_is_out && last > *event.first) {
    last -= std::chrono::days(1);
  }
  const std::chrono::year_month_day from(*event.first);
  const std::chrono::year_month_day to(last);
  if (event.repetition.empty()) {
    return DateRange{
        static_cast<int>(from.year()), static_cast<int>(to.year()), {month_day(from), month_day(to)}};
  }
  if (event.repetition != "FREQ=YEARLY" && event.repetition != "FREQ=YEARLY;INTERVAL=1") {
    return base::Error{
        fmt::format("the event \"{}\" is repeated by {}, of which only FREQ=YEARLY is understood",
                    event.summary, event.repetition)};
  }
  return DateRange{0, 0, {month_day(from), month_day(to)}};
}

void take(Event& event, const Line& line) {
  if (line.name == "SUMMARY") {
    event.summary = line.value;
  } else if (line.name == "DTSTART") {
    event.first = day_of(line.value);
  } else if (line.name == "DTEND") {
    event.end = day_of(line.value);
    event.end_is_out = line.value.size() == 8 || line.value.substr(8, 7) == "T000000";
  } else if (line.name == "RRULE") {
    event.repetition = line.value;
  }
}

}  // namespace

base::result<std::vector<DateRange>> parse_calendar(std::string_view text) {
  std::vector<DateRange> dates;
  std::optional<Event> event;
  bool is_calendar = false;
  for (const auto& whole : unfolded(text)) {
    const Line line = parted(whole);
    is_calendar = is_calendar || (line.name == "BEGIN" && line.value == "VCALENDAR");
    if (line.name == "BEGIN" && line.value == "VEVENT") {
      event.emplace();
    } else if (line.name == "END" && line.value == "VEVENT" && event) {
      const auto range = range_of(*event);
      if (!range) {
        return range.error();
      }
      dates.push_back(*range);
      event.reset();
    } else if (event) {
      take(*event, line);
    }
  }
  if (!is_calendar) {
    return base::Error{"it is no iCalendar file: it has no BEGIN:VCALENDAR"};
  }
  return dates;
}

base::result<std::vector<DateRange>> read_calendar(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  std::error_code none;
  if (!in || std::filesystem::file_size(file, none) > largest_file || !(text << in.rdbuf())) {
    return base::Error{fmt::format("{} cannot be read", file.string())};
  }
  auto dates = parse_calendar(text.str());
  return dates ? dates : base::Error{fmt::format("{}: {}", file.string(), dates.error().what)};
}

}  // namespace switchroom::dialplan
