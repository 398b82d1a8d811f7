// What a client of the control socket may send, and what is printed of it.
#include "control/session.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace switchroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)control::parse_request(text);
  const auto reply = control::reply_of(control::Answer{boost::json::value(text), {}});
  const std::string wire = boost::json::serialize(reply);
  boost::system::error_code bad;
  const auto read = boost::json::parse(wire, bad);
  if (bad) std::abort();  // a reply that its reader cannot read
  const std::string shown = control::render({read.at("data"), {}});
  for (const char c : shown) {
    if (c != '\n' && (c == 0x7f || (c >= 0 && c < 0x20))) std::abort();
  }
  boost::system::error_code ignored;
  const auto value = boost::json::parse(text, ignored);
  if (!ignored) (void)control::render({value, {}});
  return 0;
}
