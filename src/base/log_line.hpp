// How a log line looks. Pure functions; log.cpp puts them together.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"

#include <string>
#include <string_view>

namespace switchroom::log::detail {

/// Longer lines are cut, with " ..." at the end: a message of 64 KiB is not worth more of the queue.
inline constexpr std::size_t max_line_bytes = 16384;

/// Appends `text` with whatever could forge a line or steer a terminal made visible: control
/// characters (C0, DEL, C1, the Unicode line separators) and bytes that are not UTF-8 as \n, \r, \t or \xNN.
void append_escaped(std::string& out, std::string_view text);

struct LineHead {
  Level level = Level::info;
  Subsystem subsystem = Subsystem::main;
  std::string_view call;
  base::WallMicros when = 0;
  bool journal = false;  // "<6>" in place of the time: the journal keeps a time of its own
};

/// "2026-11-22T21:33:51.123Z info    call      call=7f3c text\n".
std::string format_line(const LineHead& head, std::string_view text);

}  // namespace switchroom::log::detail
