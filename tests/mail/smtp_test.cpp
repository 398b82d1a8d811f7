// What is said to a mail server, reply by reply.
#include "mail/smtp_dialogue.hpp"
#include "mail/smtp_reply.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using mail::Outcome;
using mail::SmtpDialogue;
using mail::SmtpReply;
using mail::SmtpReplyReader;
using mail::SmtpStep;

namespace {

SmtpReply reply(int code, std::vector<std::string> text = {"x"}) { return {code, std::move(text)}; }

config::Mail settings(const std::string& tls, const std::string& user = {}) {
  config::Mail mail;
  mail.server = "mail.example.com";
  mail.tls = tls;
  mail.username = user;
  mail.password = user.empty() ? "" : "secret";
  return mail;
}

const mail::Envelope envelope{"us@example.com", "alice@example.com"};

}  // namespace

TEST_CASE("replies come in pieces and in several lines") {
  SmtpReplyReader reader;
  reader.feed("250-mail.exam");
  CHECK_FALSE(reader.next());
  reader.feed("ple.com\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n354");
  const auto first = reader.next();
  REQUIRE(first);
  CHECK(first->code == 250);
  CHECK(first->lines == std::vector<std::string>{"mail.example.com", "SIZE 1000", "AUTH PLAIN"});
  CHECK(reader.has_more());
  CHECK_FALSE(reader.next());
  reader.feed("\n");
  REQUIRE(reader.next());
  CHECK_FALSE(reader.has_more());
}

TEST_CASE("what is no SMTP ends the conversation") {
  for (const auto* bytes : {"SSH-2.0-OpenSSH\r\n", "999 x\r\n", "250-a\r\n251 b\r\n", "\r\n", "2500 x\r\n"}) {
    SmtpReplyReader reader;
    reader.feed(bytes);
    CHECK_FALSE(reader.next());
    CHECK(reader.failed());
  }
  SmtpReplyReader reader;
  reader.feed("250 " + std::string(3000, 'x'));
  CHECK_FALSE(reader.next());
  CHECK(reader.failed());
}

TEST_CASE("the usual way: STARTTLS, AUTH PLAIN, the mail") {
  SmtpDialogue dialogue(settings("starttls", "bob"), "pbx.example.com", envelope);
  CHECK(dialogue.on_reply(reply(220)).line == "EHLO pbx.example.com");
  // AUTH that is offered in the open is not used.
  CHECK(dialogue.on_reply(reply(250, {"hi", "STARTTLS", "AUTH PLAIN LOGIN"})).line == "STARTTLS");
  CHECK(dialogue.on_reply(reply(220)).kind == SmtpStep::Kind::start_tls);
  CHECK(dialogue.on_encrypted().line == "EHLO pbx.example.com");
  const auto auth = dialogue.on_reply(reply(250, {"hi", "AUTH LOGIN PLAIN"}));
  CHECK(auth.line == "AUTH PLAIN AGJvYgBzZWNyZXQ=");
  CHECK(auth.secret);
  CHECK(dialogue.on_reply(reply(235)).line == "MAIL FROM:<us@example.com>");
  CHECK(dialogue.on_reply(reply(250)).line == "RCPT TO:<alice@example.com>");
  CHECK(dialogue.on_reply(reply(250)).line == "DATA");
  CHECK(dialogue.on_reply(reply(354)).kind == SmtpStep::Kind::send_body);
  CHECK_FALSE(dialogue.delivered());
  CHECK(dialogue.on_reply(reply(250, {"queued"})).line == "QUIT");
  CHECK(dialogue.delivered());
  CHECK(dialogue.on_reply(reply(221)).kind == SmtpStep::Kind::finished);
}

TEST_CASE("AUTH LOGIN where there is no PLAIN") {
  SmtpDialogue dialogue(settings("tls", "bob"), "pbx", envelope);
  (void)dialogue.on_reply(reply(220));
  CHECK(dialogue.on_reply(reply(250, {"hi", "AUTH LOGIN"})).line == "AUTH LOGIN");
  CHECK(dialogue.on_reply(reply(334)).line == "Ym9i");
  const auto password = dialogue.on_reply(reply(334));
  CHECK(password.line == "c2VjcmV0");
  CHECK(password.secret);
  CHECK(dialogue.on_reply(reply(535, {"no"})).line == "QUIT");
  CHECK(dialogue.outcome().verdict == Outcome::Verdict::later);
  CHECK(dialogue.outcome().server_failed);
  CHECK(dialogue.outcome().words.find("secret") == std::string::npos);
}

TEST_CASE("a server without STARTTLS gets neither password nor mail") {
  SmtpDialogue dialogue(settings("starttls", "bob"), "pbx", envelope);
  (void)dialogue.on_reply(reply(220));
  CHECK(dialogue.on_reply(reply(250, {"hi", "AUTH PLAIN"})).line == "QUIT");
  CHECK(dialogue.outcome().words.find("offers no STARTTLS") != std::string::npos);
}

TEST_CASE("5xx for a mail is for good, 4xx is not") {
  for (const auto& [code, verdict] :
       {std::pair{550, Outcome::Verdict::refused}, std::pair{450, Outcome::Verdict::later}}) {
    SmtpDialogue dialogue(settings("none"), "pbx", envelope);
    (void)dialogue.on_reply(reply(220));
    CHECK(dialogue.on_reply(reply(250)).line == "MAIL FROM:<us@example.com>");
    (void)dialogue.on_reply(reply(250));
    CHECK(dialogue.on_reply(reply(code, {"no such user"})).line == "QUIT");
    CHECK(dialogue.outcome().verdict == verdict);
    CHECK_FALSE(dialogue.outcome().server_failed);
    CHECK(dialogue.outcome().words.find("no such user") != std::string::npos);
  }
}
