#include "base/log_line.hpp"

#include "base/utf8.hpp"

#include <chrono>
#include <iterator>

namespace switchroom::log::detail {
namespace {

bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f; }

void append_hex(std::string& out, unsigned char c) {
  static constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[c >> 4U];
  out += digits[c & 15U];
}

// The length of the UTF-8 sequence at `at` that is safe to show; 0 for none.
std::size_t printable_sequence(std::string_view text, std::size_t at) {
  const std::size_t length = base::utf8_sequence(text, at);
  const std::string_view sequence = length > 1 ? text.substr(at, length) : std::string_view();
  // 0xc2 0x80..0x9f are the C1 controls, which some terminals act on; U+2028 and U+2029 end lines.
  const bool control = sequence.size() == 2 && sequence < "\xc2\xa0";
  return control || sequence == "\xe2\x80\xa8" || sequence == "\xe2\x80\xa9" ? 0 : sequence.size();
}

void append_time(std::string& out, base::WallMicros when) {
  using namespace std::chrono;
  const sys_time<milliseconds> time(milliseconds(when / 1000));
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

int priority(Level level) {  // syslog's, sd-daemon(3)
  switch (level) {
    case Level::error: return 3;
    case Level::warning: return 4;
    case Level::info: return 6;
    default: return 7;
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && is_plain(static_cast<unsigned char>(text[end]))) ++end;
    out.append(text, at, end - at);
    if (end == text.size()) return;
    const char c = text[end];
    std::size_t used = 1;
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (const std::size_t length = printable_sequence(text, end); length != 0) {
      out.append(text, end, length);
      used = length;
    } else {
      append_hex(out, static_cast<unsigned char>(c));
    }
    at = end + used;
  }
}

std::string format_line(const LineHead& head, std::string_view text) {
  std::string out;
  out.reserve(80 + head.call.size() + text.size());
  if (head.journal) {
    out += '<';
    out += static_cast<char>('0' + priority(head.level));
    out += '>';
  } else {
    append_time(out, head.when);
  }
  fmt::format_to(std::back_inserter(out), "{:<7} {:<9} ", name(head.level), name(head.subsystem));
  if (!head.call.empty()) {
    out += "call=";
    append_escaped(out, head.call.substr(0, 256));
    out += ' ';
  }
  const bool cut = text.size() > max_line_bytes;
  append_escaped(out, text.substr(0, max_line_bytes));
  out += cut ? " ...\n" : "\n";
  return out;
}

}  // namespace switchroom::log::detail
