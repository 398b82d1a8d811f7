// Whom a `bridge` calls: "{ringback=…}user/1001,[leg_delay_start=5]user/1002|trunk/itsp/15551234567". Pure.
#pragma once

#include "base/result.hpp"
#include "dialplan/plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::dialplan {

/// NAME=VALUE as they were written, in order; the last of a name counts.
using Assignments = std::vector<std::pair<std::string, std::string>>;

struct DialTarget {
  enum class Kind : std::uint8_t {
    user,     // name: an extension; number not used
    group,    // name: a ring group, or a group of extensions
    trunk,    // name: the trunk; number: what it is to dial
    uri,      // name: a SIP URI; profile: the one it leaves by, or empty
    error,    // name: the cause with which it fails at once
    computed  // name: as written; it has variables whose values only a call knows
  };
  Kind kind = Kind::user;
  std::string name;
  std::string number;
  std::string profile;
  Assignments variables;  // of […]
};

/// Those that ring at the same time.
using DialRound = std::vector<DialTarget>;

struct DialString {
  Assignments variables;          // of {…}: for all
  std::vector<DialRound> rounds;  // one after the other, until somebody answers
};

/// One target as people write it here or bring it from FreeSWITCH: "user/1001@example.com", "group/sales",
/// "trunk/itsp/911", "sip:bob@192.0.2.7", "sofia/gateway/itsp/911", "sofia/internal/sip:bob@192.0.2.7",
/// "sofia/internal/1001%example.com", "error/USER_BUSY". The error is a sentence.
base::result<DialTarget> parse_dial_target(std::string_view text);

/// `{…}` and `[…]` hold assignments with commas between them, a value may stand in '…', and `^^:` at their
/// beginning makes `:` the separator. A backslash before a mark such as `,|[]{}'` or another backslash takes
/// away its meaning. Variables that were not replaced yet (`switchroom check`) stay as they are. At most
/// most_targets of them; the error is a sentence.
base::result<DialString> parse_dial_string(std::string_view text);
inline constexpr std::size_t most_targets = 50;

/// expand() for the argument of an application that takes_dial_string(): what a variable holds is text of
/// its target, whatever its commas and brackets, so that nobody adds a target by what he dials or is
/// called. Only a variable that makes up a whole target (`bridge ${team},user/1001`) may hold several.
std::string expand_dial_string(std::string_view text, const Variables& variables, const Variables& globals);

/// `bridge`.
bool takes_dial_string(std::string_view application);

/// A text as one word of a dial string: with backslashes before what would mean something.
std::string quoted_for_dialling(std::string_view text);

}  // namespace switchroom::dialplan
