#include "dialplan/captures.hpp"

#include "dialplan/dial_string.hpp"

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

template <class Write>
std::string replaced(std::string_view argument, const Captures& captures, Write write) {
  std::string out;
  out.reserve(argument.size() + 32);
  while (!argument.empty()) {
    std::size_t step = 2;
    if (argument.front() == '$' && argument.size() > 1 && is_digit(argument[1])) {
      append_literal(out, write(captures[static_cast<std::size_t>(argument[1] - '0')]));
    } else {
      // An escaped dollar sign stays escaped; everything up to the next mark is text.
      step = argument.starts_with("\\$") ? 2 : std::min(argument.find_first_of("\\$", 1), argument.size());
      out += argument.substr(0, step);
    }
    argument.remove_prefix(step);
  }
  return out;
}

}  // namespace

std::string with_captures(std::string_view argument, const Captures& captures) {
  return replaced(argument, captures, [](std::string_view text) { return text; });
}

std::string with_captures_for_dialling(std::string_view argument, const Captures& captures) {
  return replaced(argument, captures, quoted_for_dialling);
}

}  // namespace switchroom::dialplan
