// Any bytes as a datagram. What parses must survive printing and parsing again with the same text, a
// printed message must hold no line of an attacker's making, and what is answerable must give an answer
// that parses.
#include "sip/message/message.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace switchroom::sip;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_message(const Message& message) {
  const std::string once = message.text();
  const Parsed again = parse_datagram(once);
  if (!again.message) {
    // Printing may only make a message too large or a header too long (escapes, quotes), never wrong.
    require(once.size() > max_header_value);
    return;
  }
  require(again.message->text() == once);
  require(again.message->body == message.body);
  require(again.message->headers.size() == message.headers.size());
  require(again.message->via.size() == message.via.size());
  require(!message.via.empty());
  require(message.is_request || (message.status >= 100 && message.status <= 699));
  (void)make_ack(message, message).text();
  (void)make_cancel(message).text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Parsed parsed = parse_datagram(bytes);
  if (parsed.message) check_message(*parsed.message);
  for (const char c : parsed.why) require(c >= 0x20 && c < 0x7f);
  if (parsed.reject && !parsed.message) {
    require(parsed.error == ParseError::malformed);
    const std::string answer = make_response(*parsed.reject, parsed.status, parsed.why, "t").text();
    require(parse_datagram(answer).message.has_value() || answer.size() > max_header_value);
  }
  if (const auto address = parse_address(bytes)) {
    const std::string text = address->text();
    const auto again = parse_address(text);
    require(again ? again->text() == text : text.size() > max_header_value / 3);
  }
  if (const auto uri = parse_uri(bytes)) {
    const std::string text = uri->text();
    const auto again = parse_uri(text);
    require(again ? again->text() == text : text.size() > 4096);
  }
  return 0;
}
