// URIs, addresses and Vias read by sofia-sip's parsers into our values: the only door to sofia-sip.
#pragma once

#include "sip/message/message.hpp"

#include <array>
#include <optional>
#include <string_view>

struct su_home_s;  // sofia's arena; its header stays in the .cpp

namespace switchroom::sip {

/// Reads single elements, each bounded and checked before sofia sees it and checked again afterwards
/// (sofia takes nearly every byte that is not after a "%"). Which of its functions are called, and why
/// no others: docs/security/sip-parsing.md. One object for a message, on the stack; one thread.
class SofiaReader {
 public:
  SofiaReader();
  ~SofiaReader();
  SofiaReader(const SofiaReader&) = delete;
  SofiaReader& operator=(const SofiaReader&) = delete;

  std::optional<Uri> uri(std::string_view text);
  std::optional<Address> address(std::string_view text);
  /// One via-parm. `version` becomes false when its protocol is not SIP/2.0.
  std::optional<Via> via(std::string_view text, bool& version);

 private:
  std::optional<Uri> sip_uri(std::string_view text);
  bool header_parameters(std::string_view text, Parameters& out);
  bool copy(std::string_view text);

  alignas(16) std::array<char, 3072> area_;  // not initialised: sofia's arena begins here, then the heap
  std::array<char, max_header_value + 2> text_;
  su_home_s* home_;  // not owned: lies in area_
};

}  // namespace switchroom::sip
