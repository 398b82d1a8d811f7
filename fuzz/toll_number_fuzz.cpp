// Whatever is dialled: it can be read, and nothing that a carrier does not mind makes it look cheaper.
#include "tolls/permission.hpp"

#include <cstdint>
#include <cstdlib>

using namespace switchroom::tolls;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const Country& home = countries()[data[0] % countries().size()];
  const std::string sent(reinterpret_cast<const char*>(data + 1), size - 1);
  const Destination to = destination_of(sent, home);
  require(to.e164.find_first_not_of("0123456789") == std::string::npos);
  require(!to.abroad || to.country != &home);
  const Permission none = permission_for(to, sent, {});
  require(none.allowed != to.is_costly());
  require(none.allowed == none.missing.empty());
  require(none.allowed == none.why.empty());
  // The words that it asks for are words, and enough.
  std::vector<std::string_view> words;
  for (const auto& word : none.missing) {
    require(word == "+" || check_word(word).empty());
    words.push_back(word);
  }
  require(words.size() == 1 && words.front() == "+" ? true : permission_for(to, sent, words).allowed);
  (void)is_emergency_number(sent, home);
  if (sent.find_first_of("%;") == std::string::npos) {
    std::string spaced;
    for (const char c : sent) {
      spaced += c;
      spaced += "-";
    }
    const Destination same = destination_of(spaced, home);
    require(same.e164 == to.e164 && same.abroad == to.abroad && same.special == to.special);
    require(destination_of(sent + ";user=phone", home).e164 == to.e164);
  }
  return 0;
}
