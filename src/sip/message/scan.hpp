// A message cut into its start line, header lines and body, before anything is understood. Ours, not
// sofia's, since limits and the answer to a malformed request begin here.
#pragma once

#include "sip/message/header_name.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sip {

struct HeaderLine {
  HeaderName name;
  std::string_view value;  // trimmed, unfolded
};

struct Scan {
  std::string_view start_line;
  std::vector<HeaderLine> headers;  // those before the first problem
  std::string_view body;            // all that follows the blank line
  std::string unfolded;             // what the values of folded headers point into
  const char* problem = nullptr;    // the first thing that is wrong, in printable ASCII
};

/// The offset behind the blank line that ends a header block, npos when there is none. No blank line
/// starts before `from`. CRLF and a bare LF end lines alike.
std::size_t end_of_headers(std::string_view bytes, std::size_t from = 0);

/// `bytes` must outlive the scan, which points into them. Linear.
Scan scan(std::string_view bytes);

}  // namespace switchroom::sip
