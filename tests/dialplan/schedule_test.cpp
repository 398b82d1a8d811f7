// Times of day, days, dates and opening hours; the clocks' changes; calendars.
#include "base/zones.hpp"
#include "dialplan/calendar.hpp"
#include "dialplan/plan.hpp"

#include <catch2/catch.hpp>

#include <stdlib.h>
#include <time.h>

using namespace switchroom;
using namespace switchroom::dialplan;

namespace {

/// A moment of a day of 2026, whose weekday is worked out.
LocalTime at(int month, int day, int hour, int minute = 0, int year = 2026) {
  std::tm parts{};
  parts.tm_year = year - 1900, parts.tm_mon = month - 1, parts.tm_mday = day, parts.tm_hour = hour,
  parts.tm_min = minute, parts.tm_isdst = -1;
  return local_time(static_cast<base::WallMicros>(::mktime(&parts)) * 1'000'000);
}

bool holds(std::string_view field, std::string_view text, const LocalTime& now) {
  const auto schedule = parse_schedule(field, text);
  REQUIRE(schedule.has_value());
  return schedule->holds(now);
}

std::string refused(std::string_view field, std::string_view text) {
  const auto schedule = parse_schedule(field, text);
  return schedule ? "" : schedule.error().what;
}

/// In this zone for as long as it lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    (void)::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    (void)::unsetenv("TZ");
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
};

base::WallMicros utc(int month, int day, int hour, int minute) {
  std::tm parts{};
  parts.tm_year = 126, parts.tm_mon = month - 1, parts.tm_mday = day, parts.tm_hour = hour,
  parts.tm_min = minute;
  return static_cast<base::WallMicros>(::timegm(&parts)) * 1'000'000;
}

}  // namespace

TEST_CASE("times of day: the end is outside, and a range may go round midnight") {
  CHECK_FALSE(holds("time_of_day", "09:00-17:30", at(11, 25, 8, 59)));
  CHECK(holds("time_of_day", "09:00-17:30", at(11, 25, 9, 0)));
  CHECK(holds("time_of_day", "09:00-17:30", at(11, 25, 17, 29)));
  CHECK_FALSE(holds("time_of_day", "09:00-17:30", at(11, 25, 17, 30)));
  CHECK(holds("time_of_day", "22:00-06:00", at(11, 25, 23, 0)));
  CHECK(holds("time_of_day", "22:00-06:00", at(11, 25, 5, 59)));
  CHECK_FALSE(holds("time_of_day", "22:00-06:00", at(11, 25, 6, 0)));
  CHECK(holds("time_of_day", "09:00-12:00, 13:00-24:00", at(11, 25, 23, 59)));
  CHECK_FALSE(holds("time_of_day", "09:00-12:00, 13:00-24:00", at(11, 25, 12, 30)));
  CHECK(holds("time_of_day", "0:00-24:00", at(11, 25, 0, 0)));
}

TEST_CASE("days, months, weeks and dates") {
  CHECK(holds("days", "mon-fri", at(11, 25, 12)));        // a Wednesday
  CHECK_FALSE(holds("days", "mon-fri", at(11, 28, 12)));  // Saturday
  CHECK(holds("days", "fri-mon", at(11, 29, 12)));
  CHECK(holds("days", "Saturday, sun", at(11, 29, 12)));
  CHECK(holds("months", "nov-feb", at(1, 1, 0)));
  CHECK_FALSE(holds("months", "jun-8", at(11, 25, 0)));
  CHECK(at(1, 1, 0).week == 1);
  CHECK(at(12, 31, 0).week == 53);
  CHECK(at(1, 1, 0, 0, 2027).week == 53);  // a Friday: of the last week of 2026
  CHECK(at(1, 4, 0, 0, 2027).week == 1);
  CHECK(holds("weeks", "48", at(11, 25, 0)));
  CHECK(holds("dates", "2026-12-24..2026-12-26, 01-01", at(12, 25, 0)));
  CHECK(holds("dates", "2026-12-24..2026-12-26, 01-01", at(1, 1, 0, 0, 2031)));
  CHECK_FALSE(holds("dates", "2026-12-24..2026-12-26", at(12, 25, 0, 0, 2027)));
  CHECK(holds("dates", "12-28..01-03", at(1, 2, 0)));
  CHECK(holds("dates", "2026-12-28..2027-01-03", at(1, 2, 0, 0, 2027)));
}

TEST_CASE("days and times as people bring them along") {
  CHECK(holds("day_of_week", "2-6", at(11, 25, 12)));        // a Wednesday
  CHECK_FALSE(holds("day_of_week", "2-6", at(11, 29, 12)));  // Sunday
  CHECK(holds("wday", "1,7", at(11, 29, 12)));
  CHECK(holds("wday", "mon-fri", at(11, 25, 12)));
  CHECK(holds("mday", "25", at(11, 25, 12)));
  CHECK_FALSE(holds("mday", "26-31", at(11, 25, 12)));
  CHECK(holds("mon", "11", at(11, 25, 12)));
  CHECK(holds("yday", "329", at(11, 25, 12)));
  CHECK(holds("year", "2026-2027", at(11, 25, 12)));
  CHECK(holds("week", "48", at(11, 25, 12)));
  CHECK(holds("mweek", "4", at(11, 25, 12)));  // November 2026 begins on a Sunday
  CHECK(holds("mweek", "1", at(12, 5, 12)));   // December on a Tuesday
  CHECK(holds("mweek", "2", at(12, 6, 12)));
  CHECK(holds("hour", "9-17", at(11, 25, 17, 59)));
  CHECK_FALSE(holds("hour", "9-17", at(11, 25, 18)));
  CHECK(holds("minute", "0-29", at(11, 25, 18, 29)));
  CHECK(holds("minute_of_day", "541-1050", at(11, 25, 9)));
  CHECK(holds("minute-of-day", "541-1050", at(11, 25, 17, 29)));
  CHECK_FALSE(holds("minute_of_day", "541-1050", at(11, 25, 17, 30)));
  CHECK(holds("time-of-day", "09:00-17:30", at(11, 25, 9)));
}

TEST_CASE("from one moment to another") {
  constexpr std::string_view closed =
      "2026-12-24 14:00~2026-12-27 08:00, 2027-01-01 00:00:00~2027-01-01 23:59:59";
  CHECK_FALSE(holds("date_time", closed, at(12, 24, 13, 59)));
  CHECK(holds("date_time", closed, at(12, 24, 14)));
  CHECK(holds("date_time", closed, at(12, 26, 3)));
  CHECK_FALSE(holds("date-time", closed, at(12, 27, 8)));
  CHECK(holds("date_time", closed, at(1, 1, 23, 59, 2027)));
  CHECK_FALSE(holds("date_time", closed, at(1, 2, 0, 0, 2027)));
  for (const auto* bad :
       {"", "2026-12-24", "2026-12-24 14:00", "12-24 14:00~12-25 14:00", "2026-12-24 14:00~2026-12-24 14:00",
        "2026-12-24 25:00~2026-12-27 08:00", "2026-12-24 14:00:99~2026-12-27 08:00"}) {
    INFO(bad);
    CHECK(refused("date_time", bad).find("2026-12-24 14:00~") != std::string::npos);
  }
}

TEST_CASE("what is not understood is named, with what would be") {
  CHECK(refused("time_of_day", "9-17") == "\"9-17\" is not understood; a time of day is written 09:00-17:30");
  CHECK(refused("time_of_day", "25:00-26:00").find("not understood") != std::string::npos);
  CHECK(refused("days", "mon-fry") == "\"mon-fry\" is not understood; days are written mon-fri, sun");
  CHECK(refused("days", "").find("it is empty") == 0);
  CHECK(refused("months", "13").find("months are written") != std::string::npos);
  CHECK(refused("weeks", "0").find("weeks are written") != std::string::npos);
  CHECK(refused("dates", "2026-02-30").find("a date is written") != std::string::npos);
  CHECK(refused("dates", "2026-12-26..2026-12-24").find("a date is written") != std::string::npos);
  CHECK(refused("dates", "/nowhere/x.ics") == "/nowhere/x.ics cannot be read");
}

TEST_CASE("the clocks' changes: an hour that is there twice, one that is not") {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");  // Berlin
  CHECK(local_time(utc(3, 29, 0, 59)).minute == 119);
  CHECK(local_time(utc(3, 29, 1, 0)).minute == 180);
  CHECK(local_time(utc(10, 25, 0, 30)).minute == 150);
  CHECK(local_time(utc(10, 25, 1, 30)).minute == 150);
  CHECK(holds("time_of_day", "09:00-17:00", local_time(utc(7, 1, 7, 0))));
  CHECK_FALSE(holds("time_of_day", "09:00-17:00", local_time(utc(12, 1, 7, 0))));
  CHECK(moment("2026-07-01 09:00", 0) == utc(7, 1, 7, 0));
  CHECK(moment("Sat 10:00", utc(11, 25, 12, 0)) == utc(11, 28, 9, 0));
  CHECK(moment("10:00", utc(11, 25, 12, 0)) == utc(11, 25, 9, 0));
  CHECK_FALSE(moment("whenever", 0));
  CHECK_FALSE(moment("Sat noon", 0));
}

TEST_CASE("by the rules of the zones inside the executable, on the days that the clocks change") {
  // As main::use_timezone() sets it where the system has no files.
  const auto in_zone = [](const char* name, base::WallMicros when) {
    const Zone zone(std::string(base::zone_rule(name).value()).c_str());
    return local_time(when);
  };
  CHECK(in_zone("Europe/Berlin", utc(3, 29, 0, 59)).minute == 1 * 60 + 59);
  CHECK(in_zone("Europe/Berlin", utc(3, 29, 1, 0)).minute == 3 * 60);
  CHECK(in_zone("Europe/Berlin", utc(10, 25, 0, 59)).minute == 2 * 60 + 59);
  CHECK(in_zone("Europe/Berlin", utc(10, 25, 1, 0)).minute == 2 * 60);
  CHECK(in_zone("America/New_York", utc(3, 8, 6, 59)).minute == 1 * 60 + 59);
  CHECK(in_zone("America/New_York", utc(3, 8, 7, 0)).minute == 3 * 60);
  CHECK(in_zone("Australia/Sydney", utc(4, 4, 16, 0)).minute == 2 * 60);  // 3:00 becomes 2:00
  CHECK(in_zone("Asia/Kolkata", utc(11, 25, 0, 0)).minute == 5 * 60 + 30);
  const Zone zone(std::string(base::zone_rule("Europe/Berlin").value()).c_str());
  // Opening hours are those of the wall clock, before and after.
  for (const auto& [when, open] : {std::pair{utc(3, 27, 8, 0), true}, std::pair{utc(3, 30, 6, 59), false},
                                   std::pair{utc(3, 30, 7, 0), true}, std::pair{utc(10, 26, 7, 59), false},
                                   std::pair{utc(10, 26, 8, 0), true}}) {
    CHECK(holds("time_of_day", "09:00-17:30", local_time(when)) == open);
  }
  // Asked for by its hour, a moment in the hour that is not there is one that is.
  const auto asked = moment("2026-03-29 02:30", utc(1, 1, 0, 0));
  REQUIRE(asked);
  CHECK((*asked == utc(3, 29, 1, 30) || *asked == utc(3, 29, 0, 30)));
  CHECK(moment("Sat 10:00", utc(3, 27, 12, 0)) == utc(3, 28, 9, 0));
  CHECK(moment("Sun 10:00", utc(3, 27, 12, 0)) == utc(3, 29, 8, 0));
}

TEST_CASE("opening hours, with their exceptions") {
  config::Hours hours;
  hours.days = "mon-fri", hours.time = "09:00-17:00", hours.except = {"12-25", "12-26"};
  const auto schedule = parse_hours(hours);
  REQUIRE(schedule.has_value());
  CHECK(schedule->holds(at(11, 25, 12)));
  CHECK_FALSE(schedule->holds(at(12, 25, 12)));
  CHECK_FALSE(schedule->holds(at(11, 28, 12)));
  hours.time = "nine to five";
  CHECK(check_hours(hours).find("a time of day is written") != std::string::npos);
}

TEST_CASE("a calendar's events are days") {
  const auto dates = parse_calendar(
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Founders' Day\r\nDTSTART;VALUE=DATE:20261130\r\n"
      "DTEND;VALUE=DATE:20261202\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:New\r\n  Year\r\n"
      "DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
  REQUIRE(dates.has_value());
  REQUIRE(dates->size() == 2);
  CHECK(dates->at(0).holds(at(11, 30, 1)));
  CHECK(dates->at(0).holds(at(12, 1, 23)));
  CHECK_FALSE(dates->at(0).holds(at(12, 2, 0)));
  CHECK(dates->at(1).holds(at(1, 1, 0, 0, 2044)));
  CHECK(parse_calendar("hello").error().what.find("BEGIN:VCALENDAR") != std::string::npos);
  CHECK(parse_calendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Jour fixe\nDTSTART:20260101T090000Z\n"
                       "RRULE:FREQ=WEEKLY\nEND:VEVENT\n")
            .error()
            .what ==
        "the event \"Jour fixe\" is repeated by FREQ=WEEKLY, of which only FREQ=YEARLY is understood");
}

TEST_CASE("else runs when all but the conditions on time hold; cases decide between several") {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->hours["business"] = {"mon-fri", "09:00-17:00", "", {}, {}, {}};
  config::ContextEntry office;
  office.name = "office";
  office.when = {{"hours", "business", {}}, {"destination_number", "^5(.)$", {}}};
  office.actions = {{"answer", "", {}}};
  office.otherwise = {{"respond", "480 Closed", {}}};
  config::Case sales;
  sales.when = {{"destination_number", "^51$", {}}};
  sales.actions = {{"bridge", "user/100$1", {}}};
  config::Case rest;
  rest.actions = {{"bridge", "user/1009", {}}};
  office.cases = {sales, rest};
  config::ContextEntry last;
  last.name = "last";
  last.when = {{"hours", "!business", {}}};
  last.actions = {{"hangup", "", {}}};
  snapshot->contexts["default"] = {office, last};
  const Dialplan plan(snapshot);
  const auto steps = [&](const std::string& number, const LocalTime& now) {
    std::string text;
    const auto look_up = [&](std::string_view name) {
      return name == "destination_number" ? number : std::string();
    };
    if (const auto match = plan.match("default", look_up, now)) {
      for (const auto& step : match->steps) text += step.application + " " + step.argument + ";";
    }
    return text;
  };
  CHECK(steps("51", at(11, 25, 12)) == "answer ;bridge user/1001;");
  CHECK(steps("52", at(11, 25, 12)) == "answer ;bridge user/1009;");
  CHECK(steps("52", at(11, 28, 12)) == "respond 480 Closed;");
  CHECK(steps("66", at(11, 28, 12)) == "hangup ;");
  CHECK(steps("66", at(11, 25, 12)).empty());
}
