// The journal's lines, and every file that is read back at start in their form.
#include "cdr/line.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace switchroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)cdr::parse_line(text);
  // Whatever a peer may put into a record comes back as it went in.
  cdr::Line line{cdr::LineKind::closed, 1, 2, {}};
  line.record.uuid = "u";
  line.record.caller_id_name = text;
  line.record.last_arg = text;
  std::string printed = cdr::print_line(line);
  printed.pop_back();
  const auto read = cdr::parse_line(printed);
  if (!read || read->record.caller_id_name != text || read->record.last_arg != text) std::abort();
  return 0;
}
