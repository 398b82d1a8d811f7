// Any pattern that a configuration may hold, on any text that a caller may dial: bounded in time and memory.
#include "dialplan/pattern.hpp"

#include <cstdint>
#include <cstdlib>

using namespace switchroom;

/// The input is a pattern, a line feed, and subjects in a line each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view found = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return found;
  };
  const auto pattern = dialplan::Pattern::compile(line());
  if (!pattern) {
    return 0;
  }
  dialplan::Search search;
  for (int subjects = 0; !rest.empty() && subjects < 8; ++subjects) {
    const std::string_view subject = line();
    dialplan::Captures captures{};
    if (pattern->fit(subject, search, captures) == dialplan::Fit::fits) {
      for (const std::string_view piece : captures) {  // pieces of the subject, never of anything else
        if (!piece.empty() && (piece.data() < subject.data() ||
                               piece.data() + piece.size() > subject.data() + subject.size())) {
          std::abort();
        }
      }
    }
    (void)pattern->may_begin(subject, search);
  }
  return 0;
}
