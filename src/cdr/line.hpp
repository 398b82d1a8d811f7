// A line of the journal: text, one line for each event, with a checksum. Pure functions.
#pragma once

#include "cdr/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::cdr {

enum class LineKind : char { opened = 'O', answered = 'A', closed = 'C', ended = 'E' };

struct Line {
  LineKind kind = LineKind::opened;
  base::WallMicros written = 0;  // when the line was written
  std::uint64_t number = 0;      // of a closed record: counted up from 1, for this journal
  Record record;  // of an answer: uuid and answer alone; of an end without its record: uuid alone
};

/// Fields by tabs, at the end a CRC-32 of what stands before it, and a line feed. An added field goes
/// to the end: older lines are read with it left at its default.
std::string print_line(const Line& line);
/// Without the line feed; nullopt for a torn or damaged one.
std::optional<Line> parse_line(std::string_view text);

}  // namespace switchroom::cdr
