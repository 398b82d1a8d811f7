// Dial strings of any text, and any text as what a variable holds.
#include "dialplan/dial_string.hpp"
#include "dialplan/spellings.hpp"

#include <cstdlib>

using namespace switchroom;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t targets(const dialplan::DialString& what) {
  std::size_t count = 0;
  for (const auto& round : what.rounds) count += round.size();
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto what = dialplan::parse_dial_string(text)) {
    require(targets(*what) >= 1 && targets(*what) <= dialplan::most_targets);
  }
  // Inside of a target and of a value it adds none and changes none.
  const auto value = [&](std::string_view) { return std::string(text); };
  const auto inside = dialplan::parse_dial_string(
      dialplan::expand_dial_string("{a='${x}',b=${x}}[c=${x}]user/7${x},user/8|user/9", value, value));
  if (size < (32U << 10U)) {
    require(inside.has_value() && targets(*inside) == 3 && inside->rounds.size() == 2);
    require(inside->variables.size() == 2 && inside->variables[0].second == text);
    require(inside->variables[1].second == text && inside->rounds[0][0].variables[0].second == text);
  }
  (void)dialplan::parse_mailbox(text);
  (void)dialplan::parse_room(text);
  (void)dialplan::parse_queue(text);
  (void)dialplan::parse_speech(text);
  (void)dialplan::parse_destination(text);
  (void)dialplan::sound_name(text);
  (void)dialplan::names_cause(text, "USER_BUSY", 17);
  return 0;
}
