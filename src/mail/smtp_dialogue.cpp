#include "mail/smtp_dialogue.hpp"

#include "mail/mime.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace switchroom::mail {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

bool good(const SmtpReply& reply) { return reply.code >= 200 && reply.code < 300; }
bool for_good(const SmtpReply& reply) { return reply.code >= 500; }

}  // namespace

SmtpDialogue::SmtpDialogue(const config::Mail& settings, std::string helo, Envelope envelope)
    : settings_(settings),
      helo_(std::move(helo)),
      envelope_(std::move(envelope)),
      encrypted_(settings.tls == "tls") {}

std::string_view SmtpDialogue::waiting_for() const {
  switch (state_) {
    case State::greeting: return "its greeting";
    case State::hello:
    case State::old_hello: return "the answer to our greeting";
    case State::starttls: return "the answer to STARTTLS";
    case State::auth_plain:
    case State::auth_login:
    case State::auth_user:
    case State::auth_password: return "the answer to our user name and password";
    case State::sender: return "the answer to MAIL FROM";
    case State::recipient: return "the answer to RCPT TO";
    case State::data: return "the answer to DATA";
    case State::body: return "the receipt for the mail";
    case State::quit: return "the goodbye";
  }
  return "";
}

SmtpStep SmtpDialogue::say(State next, std::string line, bool secret) {
  state_ = next;
  return {SmtpStep::Kind::send, std::move(line), secret};
}

SmtpStep SmtpDialogue::fail(bool final, bool server, std::string words) {
  outcome_ = {final ? Outcome::Verdict::refused : Outcome::Verdict::later, std::move(words), server};
  return say(State::quit, "QUIT");
}

void SmtpDialogue::read_extensions(const SmtpReply& reply) {
  offers_starttls_ = offers_plain_ = offers_login_ = false;
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    const std::string line = upper(reply.lines[i]);
    if (line == "STARTTLS") {
      offers_starttls_ = true;
    } else if (line.starts_with("AUTH ") || line.starts_with("AUTH=")) {
      offers_plain_ = offers_plain_ || line.find("PLAIN") != std::string::npos;
      offers_login_ = offers_login_ || line.find("LOGIN") != std::string::npos;
    }
  }
}

SmtpStep SmtpDialogue::on_hello(const SmtpReply& reply) {
  if (!good(reply)) {
    if (for_good(reply) && state_ == State::hello && settings_.tls == "none" && settings_.username.empty()) {
      return say(State::old_hello, "HELO " + helo_);
    }
    return fail(false, true, "the server refuses our greeting: " + reply.text());
  }
  read_extensions(reply);
  if (settings_.tls == "starttls" && !encrypted_) {
    if (!offers_starttls_) {
      return fail(
          false, true,
          "the server offers no STARTTLS on this port: [mail] tls must be \"tls\" (usually port 465), or "
          "\"none\" for a server on this machine");
    }
    return say(State::starttls, "STARTTLS");
  }
  return log_in();
}

SmtpStep SmtpDialogue::log_in() {
  if (settings_.username.empty()) {
    return begin_mail();
  }
  if (offers_plain_) {
    std::string plain(1, '\0');
    plain += settings_.username;
    plain += '\0';
    plain += settings_.password;
    return say(State::auth_plain, "AUTH PLAIN " + base64(plain, true), true);
  }
  if (offers_login_) {
    return say(State::auth_login, "AUTH LOGIN");
  }
  return fail(false, true, "the server takes no user name and password that we know (AUTH PLAIN or LOGIN)");
}

SmtpStep SmtpDialogue::begin_mail() { return say(State::sender, "MAIL FROM:<" + envelope_.from + ">"); }

SmtpStep SmtpDialogue::on_encrypted() {
  encrypted_ = true;
  return say(State::hello, "EHLO " + helo_);  // what was said in the open counts no more
}

SmtpStep SmtpDialogue::on_reply(const SmtpReply& reply) {
  switch (state_) {
    case State::greeting:
      return good(reply) ? say(State::hello, "EHLO " + helo_)
                         : fail(false, true, "the server takes no mail now: " + reply.text());
    case State::hello:
    case State::old_hello: return on_hello(reply);
    case State::starttls:
      if (!good(reply)) {
        return fail(false, true, "the server refuses STARTTLS: " + reply.text());
      }
      return {SmtpStep::Kind::start_tls, {}, false};
    case State::auth_login:
      return reply.code == 334 ? say(State::auth_user, base64(settings_.username, true), true)
                               : fail(false, true, "the server refuses AUTH LOGIN: " + reply.text());
    case State::auth_user:
      return reply.code == 334 ? say(State::auth_password, base64(settings_.password, true), true)
                               : fail(false, true, "the server refuses our user name: " + reply.text());
    case State::auth_plain:
    case State::auth_password:
      return good(reply) ? begin_mail()
                         : fail(false, true,
                                "the server refuses our user name or password ([mail] username, password): " +
                                    reply.text());
    case State::sender:
      return good(reply) ? say(State::recipient, "RCPT TO:<" + envelope_.to + ">")
                         : fail(for_good(reply), false,
                                fmt::format("the server refuses the sender {} ([mail] from): {}",
                                            envelope_.from, reply.text()));
    case State::recipient:
      return good(reply)
                 ? say(State::data, "DATA")
                 : fail(for_good(reply), false,
                        fmt::format("the server refuses the recipient {}: {}", envelope_.to, reply.text()));
    case State::data:
      if (reply.code != 354) {
        return fail(for_good(reply), false, "the server refuses the mail: " + reply.text());
      }
      state_ = State::body;
      return {SmtpStep::Kind::send_body, {}, false};
    case State::body:
      if (!good(reply)) {
        return fail(for_good(reply), false, "the server refuses the mail: " + reply.text());
      }
      outcome_ = {Outcome::Verdict::delivered, reply.text(), false};
      return say(State::quit, "QUIT");
    case State::quit: return {SmtpStep::Kind::finished, {}, false};
  }
  return {SmtpStep::Kind::finished, {}, false};
}

}  // namespace switchroom::mail
