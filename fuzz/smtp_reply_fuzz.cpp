// Replies of mail servers as strangers may write them, in pieces, through the dialogue that answers them.
#include "mail/smtp_dialogue.hpp"

#include <cstdlib>

namespace mail = switchroom::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  switchroom::config::Mail settings;
  settings.tls = data[0] % 3 == 0 ? "none" : data[0] % 3 == 1 ? "starttls" : "tls";
  settings.username = data[0] % 2 == 0 ? "user" : "";
  settings.password = "password";
  const std::size_t piece = data[1] % 64 + 1U;
  mail::SmtpDialogue dialogue(settings, "pbx.example", {"a@example.com", "b@example.com"});
  mail::SmtpReplyReader reader;
  for (std::size_t at = 2; at < size; at += piece) {
    reader.feed({reinterpret_cast<const char*>(data) + at, std::min(piece, size - at)});
    while (const auto reply = reader.next()) {
      if (reply->code < 200 || reply->code > 599 || reply->lines.empty()) {
        std::abort();
      }
      auto step = dialogue.on_reply(*reply);
      if (step.kind == mail::SmtpStep::Kind::start_tls) {
        step = dialogue.on_encrypted();
      }
      if (step.line.find_first_of("\r\n") != std::string::npos) {
        std::abort();  // no reply makes us say two things at once
      }
    }
  }
  return 0;
}
