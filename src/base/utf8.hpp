// UTF-8 as RFC 3629 section 4 defines it. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchroom::base {

/// The length (1 to 4) of the well-formed sequence that begins at `at`; 0 when there is none: a stray
/// byte, an overlong form, a surrogate, or an end in the middle.
std::size_t utf8_sequence(std::string_view text, std::size_t at);

/// The text with control characters turned into spaces and bytes that are no UTF-8 into U+FFFD:
/// what a stranger sent, fit for a database, a spreadsheet and a terminal.
std::string printable(std::string text);

/// How many columns of a terminal the text takes, roughly: East Asian wide characters and emoji two,
/// combining marks none.
std::size_t display_width(std::string_view text);

}  // namespace switchroom::base
