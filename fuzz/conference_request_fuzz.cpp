// What a caller dialled may stand in the argument of `conference`; keys come from anybody.
#include "conference/controls.hpp"
#include "conference/flags.hpp"
#include "conference/request.hpp"

#include <cstdlib>

using namespace switchroom;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto request = conference::parse_request(text)) {
    require(conference::is_room_name(request->room));
    require(request->pin.find_first_not_of("0123456789") == std::string::npos);
    conference::MemberFlags flags;
    require(conference::add_flags(flags, request->flags).has_value());
  }
  (void)conference::parse_control(text);
  conference::KeyMatcher keys(conference::bindings_of({}, "moderator"));
  base::Time now{};
  for (const char key : text) {
    now += std::chrono::milliseconds(static_cast<unsigned char>(key) * 10);
    require(keys.on_time(now).size() <= 1);
    require(keys.press(key, now).size() <= 2);
  }
  return 0;
}
