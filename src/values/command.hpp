// "insert/realm/key/value": how dialplan, variables and pbxctl write what they want of shared values.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::values {

struct Command {
  enum class Verb : std::uint8_t { insert, insert_ifempty, remove, remove_ifmatch, select, exists } verb;
  std::string realm;
  std::string key;
  std::string value;
};

/// insert/REALM/KEY/VALUE, insert_ifempty/…, delete/REALM/KEY, delete_ifmatch/REALM/KEY/VALUE,
/// select/REALM/KEY, exists/REALM/KEY. A value may hold slashes. The error is a sentence.
base::result<Command> parse_command(std::string_view text);

}  // namespace switchroom::values
