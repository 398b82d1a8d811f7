// A message as mail.
#pragma once

#include "config/snapshot.hpp"
#include "mail/mailer.hpp"
#include "voicemail/mailboxes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::voicemail {

/// The variables of templates: ${caller_id_number} and so on. Unknown ones become nothing. `\n` is a line
/// break.
std::string filled_in(std::string_view text, const Message& message, const Counts& counts,
                      const config::Snapshot& config);

/// The letters that a message leads to: one to the owner, a short one to where he wants it. Pure.
std::vector<mail::Letter> letters_for(const Message& message, const Mailboxes& mailboxes,
                                      const config::Snapshot& config);

/// Hands each new message to the mailer, and does with it what its owner wants done after that. Call thread.
class Mailing {
 public:
  Mailing(Mailboxes& mailboxes, mail::Mailer& mailer);
  void configure(const config::SnapshotPtr& config);
  void on_message(const Message& message);
  /// The mail with this tag was taken by the server.
  void on_delivered(const std::string& tag);

 private:
  Mailboxes& mailboxes_;
  mail::Mailer& mailer_;
  config::SnapshotPtr config_;
};

}  // namespace switchroom::voicemail
