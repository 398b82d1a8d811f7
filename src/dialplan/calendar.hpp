// Holidays out of an iCalendar file (RFC 5545). Private to this room.
#pragma once

#include "dialplan/schedule.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace switchroom::dialplan {

/// The days of all events: whole days, and for events with a time of day the days that they touch by the
/// numbers written in the file. Of repetitions yearly ones are understood (FREQ=YEARLY without more), any
/// other is an error that names the event.
base::result<std::vector<DateRange>> parse_calendar(std::string_view text);
base::result<std::vector<DateRange>> read_calendar(const std::filesystem::path& file);

}  // namespace switchroom::dialplan
