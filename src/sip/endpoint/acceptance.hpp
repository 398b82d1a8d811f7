// What every request outside a dialog must satisfy before its method is looked at (RFC 3261 8.2).
#pragma once

#include "sip/message/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// The answer to what cannot be served, and a header that says why.
struct Unacceptable {
  int status = 400;
  std::string_view reason;  // empty: the standard phrase
  std::string_view header;  // empty: none
  std::string value;
};

/// Nothing when the request may be looked at further. Pure; any thread.
std::optional<Unacceptable> find_fault(const Message& request);

}  // namespace switchroom::sip
