// Mail as it is written.
#include "mail/mime.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace switchroom::mail;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    CHECK(line.ends_with('\r'));
    line.pop_back();
    out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("base64 as RFC 4648 has it, in lines of 76") {
  CHECK(base64("", true).empty());
  CHECK(base64("f", true) == "Zg==");
  CHECK(base64("fo", true) == "Zm8=");
  CHECK(base64("foobar", true) == "Zm9vYmFy");
  CHECK(base64(std::string("\0user\0pass", 10), true) == "AHVzZXIAcGFzcw==");
  for (const auto& line : lines(base64(std::string(1000, 'a')))) {
    CHECK(line.size() <= 76);
  }
}

TEST_CASE("a header is ASCII, short, and never becomes two") {
  CHECK(encoded_header("New voicemail from 1002") == "New voicemail from 1002");
  CHECK(encoded_header("Jörg") == "=?UTF-8?B?SsO2cmc=?=");
  CHECK(encoded_header("x\r\nBcc: evil@example.com") == "x  Bcc: evil@example.com");
  const std::string longest = encoded_header(std::string(300, 'x') + "ü");
  for (const auto& line : lines(longest + "\r\n")) {
    CHECK(line.size() <= 76);
  }
  CHECK(encoded_header("=?UTF-8?B?eA==?=").starts_with("=?UTF-8?B?PT9"));
}

TEST_CASE("quoted-printable keeps to 76 columns and to the text") {
  CHECK(quoted_printable("a=b\n") == "a=3Db\r\n");
  CHECK(quoted_printable("trailing \nx") == "trailing=20\r\nx\r\n");
  CHECK(quoted_printable("ü") == "=C3=BC\r\n");
  for (const auto& line : lines(quoted_printable(std::string(500, 'x') + "\n" + std::string(100, '=')))) {
    CHECK(line.size() <= 76);
  }
}

TEST_CASE("a mail with an attachment; nothing that a caller said begins a header") {
  MimeMessage message;
  message.from = "Zürich <voicemail@example.com>";
  message.to = "alice@example.com\r\nBcc: evil@example.com";
  message.subject = "from Eve\nBcc: evil@example.com";
  message.text = "Hello\n.\nBye\n";
  message.message_id = "vm-1@example.com";
  message.date_us = 1'700'000'000'000'000;
  message.parts = {{"a\"b\r\n.wav", "audio/x-wav", std::string(200, '\x81')}};
  const std::string text = write_mime(message);
  std::size_t boundaries = 0;
  bool in_head = true;
  for (const auto& line : lines(text)) {
    CHECK(line.size() <= 998);
    in_head = in_head && !line.empty();
    if (in_head) {
      CHECK_FALSE(line.starts_with("Bcc"));
    }
    boundaries += line.starts_with("--=_") ? 1 : 0;
  }
  CHECK(boundaries == 3);
  CHECK(text.find("From: =?UTF-8?B?WsO8cmljaA==?= <voicemail@example.com>\r\n") != std::string::npos);
  CHECK(text.find("filename=\"a_b  .wav\"") != std::string::npos);
}

TEST_CASE("dots at the beginning of a line are doubled, and the end is marked") {
  CHECK(with_dots("a\r\n.\r\n..b\r\n") == "a\r\n..\r\n...b\r\n.\r\n");
  CHECK(with_dots("no end") == "no end\r\n.\r\n");
  CHECK(with_dots(".x") == "..x\r\n.\r\n");
}
