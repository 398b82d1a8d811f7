// The parsers of a session's own: Reason, Retry-After, and the parameters of a challenge.
#include "sip/session/in_dialog.hpp"
#include "sip/session/reason.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace switchroom::sip;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Message message;
  message.status = 401;
  message.add_header("Reason", text);
  message.add_header("Retry-After", text);
  message.www_authenticate = {text};
  const Reason reason = parse_reason(message);
  if (reason.q850 < 0 || reason.q850 > 127 || reason.text.size() > 128) __builtin_trap();
  (void)end_by_response(message);
  Message request;
  request.method_token = "INVITE";
  Authorizer::Attempts attempts;
  (void)Authorizer(DigestCredentials{"user", "password"}, "r").authorize(request, message, attempts);
  return 0;
}
