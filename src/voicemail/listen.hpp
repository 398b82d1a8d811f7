// Listening to a mailbox by phone.
#pragma once

#include "base/asio.hpp"

#include <string>

namespace switchroom::call {
class Call;
}

namespace switchroom::voicemail {

class Mailboxes;
class Voice;

struct Listen {
  std::string mailbox;       // empty: the phone's own, or it is asked for
  bool ask_mailbox = false;  // whichever phone it is
  bool ask_pin = false;      // also where the configuration would let it in
};

/// PIN, counts, messages, greetings. Answers the call if nobody has. On the call's coroutine.
awaitable<void> listen(call::Call& call, Mailboxes& mailboxes, Listen what);

/// One message by its number, to whoever answers: pbxctl voicemail play.
awaitable<void> play_to_phone(call::Call& call, Mailboxes& mailboxes, std::string id);

/// The config menu: greetings, name, PIN.
awaitable<void> configure_mailbox(Voice& voice, Mailboxes& mailboxes, std::string mailbox);
awaitable<void> change_pin(Voice& voice, Mailboxes& mailboxes, std::string mailbox);

/// The extension that signed in, whatever the caller's number says; empty: none.
std::string signed_in(const call::Call& call);

}  // namespace switchroom::voicemail
