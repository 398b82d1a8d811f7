// References in any text, and any text as what a caller dialled.
#include "dialplan/captures.hpp"
#include "dialplan/plan.hpp"

#include <cstdlib>

using namespace switchroom;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto echo = [](std::string_view name) { return std::string(name) + "\xc3\xbc${x}\xff"; };
  require(dialplan::expand(text, echo, echo).size() <= (64U << 10U));
  if (text.find_first_of("\\$}") == std::string_view::npos && size <= (64U << 10U)) {
    require(dialplan::expand(text, echo, echo) == text);
  }
  // What a caller dialled comes out as it went in, and no variable is asked for.
  dialplan::Captures captures{};
  captures[1] = text;
  const auto leak = [](std::string_view) -> std::string { std::abort(); };
  if (size < (32U << 10U)) {
    require(dialplan::expand(dialplan::with_captures("$1", captures), leak, leak) == text);
  }
  (void)dialplan::with_captures(text, captures);
  return 0;
}
