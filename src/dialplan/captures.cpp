#include "dialplan/captures.hpp"

#include <algorithm>

namespace switchroom::dialplan {
namespace {

void append_literal(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '$') out += '\\';
    out += c;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string with_captures(std::string_view argument, const Captures& captures) {
  std::string out;
  out.reserve(argument.size() + 32);
  while (!argument.empty()) {
    std::size_t step = 2;
    if (argument.front() == '$' && argument.size() > 1 && is_digit(argument[1])) {
      append_literal(out, captures[static_cast<std::size_t>(argument[1] - '0')]);
    } else {
      // An escaped dollar sign stays escaped; everything up to the next mark is text.
      step = argument.starts_with("\\$") ? 2 : std::min(argument.find_first_of("\\$", 1), argument.size());
      out += argument.substr(0, step);
    }
    argument.remove_prefix(step);
  }
  return out;
}

}  // namespace switchroom::dialplan
