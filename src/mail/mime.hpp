// A letter as RFC 5322 and MIME write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

/// Standard base64 in lines of 76 with CRLF behind each; `one_line`: none.
std::string base64(std::string_view bytes, bool one_line = false);
/// RFC 2047: ASCII as it is, anything else in encoded words. Control characters become spaces, so that no
/// value can begin another header.
std::string encoded_header(std::string_view utf8);
/// RFC 2045 6.7, lines of 76 at most.
std::string quoted_printable(std::string_view utf8);
/// "Wed, 25 Nov 2026 09:00:00 +0000".
std::string mail_date(std::int64_t when_us);

struct MimePart {
  std::string name;
  std::string type;
  std::string bytes;
};
struct MimeMessage {
  std::string from;  // `Acme <voicemail@example.com>` or an address
  std::string to;
  std::string subject;
  std::string text;
  std::string message_id;  // without the angle brackets
  std::int64_t date_us = 0;
  std::vector<MimePart> parts;
};
/// The whole mail with CRLF line ends, no line longer than 998 bytes, without the dots of SMTP.
std::string write_mime(const MimeMessage& message);

/// RFC 5321 4.5.2: a dot before a dot that begins a line, and the line with the dot at the end.
std::string with_dots(std::string_view message);

}  // namespace switchroom::mail
