#include "sip/message/scan.hpp"

#include "sip/message/grammar.hpp"
#include "sip/message/message.hpp"

namespace switchroom::sip {
namespace {

/// The line at the front of `rest` without its end; `rest` moves behind it. False when no line end follows.
bool take_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    line = rest;
    rest = {};
    return false;
  }
  line = rest.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return true;
}

bool continues(std::string_view rest) {
  return !rest.empty() && (rest.front() == ' ' || rest.front() == '\t');
}

/// Joins a folded header's lines with single spaces (7.3.1) in scan.unfolded, which never grows beyond
/// what was reserved for it: views into it stay good.
std::string_view unfold(Scan& scan, std::string_view line, std::string_view& rest) {
  if (scan.unfolded.capacity() < line.size() + rest.size() && scan.unfolded.empty()) {
    scan.unfolded.reserve(64 + line.size() + rest.size());  // never in place: views survive a move
  }
  const std::size_t start = scan.unfolded.size();
  scan.unfolded.append(line);
  std::string_view more;
  while (continues(rest)) {
    take_line(rest, more);
    scan.unfolded += ' ';
    scan.unfolded.append(grammar::trim(more));
  }
  return std::string_view(scan.unfolded).substr(start);
}

const char* add_header(Scan& scan, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "header line without a colon";
  const std::string_view name = grammar::trim(line.substr(0, colon));
  if (!grammar::is_token(name) || name.data() != line.data()) return "bad header name";
  const std::string_view value = grammar::trim(line.substr(colon + 1));
  if (value.size() > max_header_value) return "header too long";
  if (scan.headers.size() >= max_header_lines) return "too many header lines";
  scan.headers.push_back({header_name(name), value});
  return nullptr;
}

}  // namespace

std::size_t end_of_headers(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at + 1 < bytes.size() && bytes[at + 1] == '\n') return at + 2;
    if (at + 2 < bytes.size() && bytes[at + 1] == '\r' && bytes[at + 2] == '\n') return at + 3;
  }
  return std::string_view::npos;
}

Scan scan(std::string_view bytes) {
  Scan scan;
  std::string_view rest = bytes;
  std::string_view line;
  take_line(rest, scan.start_line);
  scan.headers.reserve(24);
  while (true) {
    if (!take_line(rest, line)) {
      scan.problem = scan.problem != nullptr ? scan.problem : "no blank line after the headers";
      return scan;
    }
    if (line.empty()) break;
    if (continues(rest)) line = unfold(scan, line, rest);
    const char* problem = add_header(scan, line);
    if (scan.problem == nullptr) scan.problem = problem;
  }
  scan.body = rest;
  return scan;
}

}  // namespace switchroom::sip
