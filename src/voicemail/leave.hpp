// Leaving a message.
#pragma once

#include "base/asio.hpp"

#include <string>
#include <vector>

namespace switchroom::call {
class Call;
}

namespace switchroom::voicemail {

class Mailboxes;

struct Leave {
  std::vector<std::string> mailboxes;  // that exist; several: a list's
  bool busy = false;                   // the greeting for who is on the phone
};

/// Greets, records, lets the caller review, keeps. Answers the call if nobody has. The owner who presses the
/// login key listens to his messages. On the call's coroutine; whatever ends it, what was said is kept.
awaitable<void> leave_message(call::Call& call, Mailboxes& mailboxes, Leave what);

/// The mailboxes that a number stands for: one, or a list's; empty: none such.
std::vector<std::string> addressed_by(const std::string& number, const call::Call& call);

}  // namespace switchroom::voicemail
