// Values to say, which may come from a caller's digits or a variable.
#include "sounds/phrases.hpp"

#include <cstdlib>
#include <string_view>

namespace sounds = switchroom::sounds;

/// The first byte chooses the kind and the language.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const auto kind =
      static_cast<sounds::Kind>((data[0] >> 1U) % (static_cast<unsigned>(sounds::Kind::phrase) + 1));
  const std::string_view value(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto said = sounds::say(kind, value, (data[0] & 1U) != 0 ? "es" : "en");
  if (!said && said.error().what.empty()) {
    std::abort();  // a refusal says why
  }
  return 0;
}
