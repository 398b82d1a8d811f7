// One mail over one connection.
#pragma once

#include "base/asio.hpp"
#include "config/mail_settings.hpp"
#include "mail/smtp_dialogue.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace switchroom::mail {

struct SmtpJob {
  config::Mail settings;
  std::string helo;
  Envelope envelope;
  std::string_view message;       // with CRLF, without SMTP's dots; must live until the end
  std::string_view built_in_cas;  // PEM, for where the system has none
  /// Each line of the conversation ("> EHLO …", "< 250 …"), secrets left out; may be empty.
  std::function<void(const std::string& line)> transcript;
};

/// Every step has its deadline (settings.step_timeout). Never throws but for cancellation. On any thread's
/// io_context; nothing blocks but the reading of the certificates.
awaitable<Outcome> send_by_smtp(SmtpJob job);

}  // namespace switchroom::mail
