// What to say to a mail server: RFC 5321, 3207 (STARTTLS), 4954 (AUTH). Without I/O.
#pragma once

#include "config/mail_settings.hpp"
#include "mail/smtp_reply.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

struct Envelope {
  std::string from;  // addresses alone
  std::string to;
};

/// How a mail fared.
struct Outcome {
  enum class Verdict : std::uint8_t {
    delivered,
    later,    // try again
    refused,  // this mail, for good
  } verdict = Verdict::later;
  std::string words;           // for people: what was wrong, with the server's own
  bool server_failed = false;  // no other mail would fare better just now
};

struct SmtpStep {
  enum class Kind : std::uint8_t { send, start_tls, send_body, finished } kind = Kind::finished;
  std::string line;     // without CRLF
  bool secret = false;  // not for any log
};

/// One mail's conversation. Give it each reply; it says what comes next.
class SmtpDialogue {
 public:
  SmtpDialogue(const config::Mail& settings, std::string helo, Envelope envelope);

  SmtpStep on_reply(const SmtpReply& reply);
  /// After start_tls: the connection is encrypted.
  SmtpStep on_encrypted();
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  /// What is waited for, for people: "the answer to MAIL FROM".
  [[nodiscard]] std::string_view waiting_for() const;
  /// The server has taken the mail, whatever happens now.
  [[nodiscard]] bool delivered() const { return outcome_.verdict == Outcome::Verdict::delivered; }

 private:
  enum class State : std::uint8_t {
    greeting,
    hello,
    old_hello,  // HELO, to a server that knows no EHLO
    starttls,
    auth_plain,
    auth_login,
    auth_user,
    auth_password,
    sender,
    recipient,
    data,
    body,
    quit,
  };
  SmtpStep say(State next, std::string line, bool secret = false);
  SmtpStep fail(bool for_good, bool server, std::string words);
  SmtpStep on_hello(const SmtpReply& reply);
  SmtpStep log_in();
  SmtpStep begin_mail();
  void read_extensions(const SmtpReply& reply);

  config::Mail settings_;
  std::string helo_;
  Envelope envelope_;
  State state_ = State::greeting;
  bool encrypted_;
  bool offers_starttls_ = false;
  bool offers_plain_ = false;
  bool offers_login_ = false;
  Outcome outcome_;
};

}  // namespace switchroom::mail
