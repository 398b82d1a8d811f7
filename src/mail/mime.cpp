#include "mail/mime.hpp"

#include "base/random.hpp"
#include "base/utf8.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace switchroom::mail {
namespace {

constexpr std::size_t line_bytes = 57;     // become 76 characters
constexpr std::size_t encoded_bytes = 42;  // of one encoded word: 56 characters and the frame, below 75
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

std::string without_controls(std::string_view text) {
  std::string out(text);
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return out;
}

/// What belongs together at the front of `text`: one character, or one byte that is none.
std::size_t character(std::string_view text) {
  const std::size_t length = base::utf8_sequence(text, 0);
  return length == 0 ? 1 : length;
}

std::string folded_words(std::string_view text) {
  std::string out;
  std::string piece;
  const auto flush = [&] {
    out += (out.empty() ? "" : "\r\n ") + fmt::format("=?UTF-8?B?{}?=", base64(piece, true));
    piece.clear();
  };
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (piece.size() + length > encoded_bytes) {
      flush();
    }
    piece += text.substr(0, length);
    text.remove_prefix(length);
  }
  if (!piece.empty()) {
    flush();
  }
  return out;
}

/// `Acme <a@b>`: the name in words or quotes, the address as it is.
std::string address_header(std::string_view text) {
  std::string clean = without_controls(text);
  const auto open = clean.find('<');
  if (open == std::string::npos || open == 0) {
    return clean;
  }
  std::string name = clean.substr(0, open);
  while (!name.empty() && (name.back() == ' ' || name.back() == '"')) {
    name.pop_back();
  }
  while (!name.empty() && (name.front() == ' ' || name.front() == '"')) {
    name.erase(0, 1);
  }
  if (!is_plain(name)) {
    return folded_words(name) + " " + clean.substr(open);
  }
  std::string quoted;
  for (const char c : name) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return "\"" + quoted + "\" " + clean.substr(open);
}

std::string safe_name(std::string_view name) {
  std::string out = without_controls(name);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c == '"' || c == '\\' || c == '/' || c > 0x7E; },
      '_');
  return out;
}

}  // namespace

std::string base64(std::string_view bytes, bool one_line) {
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + bytes.size() / 28 + 8);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
    };
    const unsigned value = byte(0) << 16U | byte(1) << 8U | byte(2);
    out += alphabet[value >> 18U & 63U];
    out += alphabet[value >> 12U & 63U];
    out += at + 1 < bytes.size() ? alphabet[value >> 6U & 63U] : '=';
    out += at + 2 < bytes.size() ? alphabet[value & 63U] : '=';
    if (!one_line && ((at + 3) % line_bytes == 0 || at + 3 >= bytes.size())) {
      out += "\r\n";
    }
  }
  return out;
}

std::string encoded_header(std::string_view utf8) {
  std::string clean = without_controls(utf8);
  // Long ones are split as words, too: no line beyond 78.
  if (is_plain(clean) && clean.size() <= 64 && clean.find("=?") == std::string::npos) {
    return clean;
  }
  return folded_words(clean);
}

std::string quoted_printable(std::string_view utf8) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > 75) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const bool at_end = i + 1 == utf8.size() || utf8[i + 1] == '\n';
    if (c == '\n') {
      out += "\r\n";
      column = 0;
    } else if (c == '=' || c > 0x7E || (c < 0x20 && c != '\t') || ((c == ' ' || c == '\t') && at_end)) {
      put(fmt::format("={:02X}", c));
    } else {
      put(std::string_view(&utf8[i], 1));
    }
  }
  if (column != 0) {
    out += "\r\n";
  }
  return out;
}

std::string mail_date(std::int64_t when_us) {
  const std::time_t seconds = when_us / 1'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const long offset = local.tm_gmtoff / 60;
  return fmt::format(
      "{}, {:02} {} {} {:02}:{:02}:{:02} {}{:02}{:02}", days.at(static_cast<std::size_t>(local.tm_wday)),
      local.tm_mday, months.at(static_cast<std::size_t>(local.tm_mon)), local.tm_year + 1900, local.tm_hour,
      local.tm_min, local.tm_sec, offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
}

std::string write_mime(const MimeMessage& message) {
  std::string out;
  const auto header = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{}: {}\r\n", name, value);
  };
  header("Date", mail_date(message.date_us));
  header("From", address_header(message.from));
  header("To", without_controls(message.to));
  header("Subject", encoded_header(message.subject));
  header("Message-ID", "<" + without_controls(message.message_id) + ">");
  header("Auto-Submitted", "auto-generated");  // RFC 3834: no holiday replies
  header("MIME-Version", "1.0");
  const std::string text =
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
      quoted_printable(message.text);
  if (message.parts.empty()) {
    return out + text;
  }
  const std::string boundary = "=_" + base::random_token(32);  // neither base64 nor quoted-printable has "=_"
  out += fmt::format("Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n--{}\r\n", boundary, boundary);
  out += text;
  for (const auto& part : message.parts) {
    const std::string name = safe_name(part.name);
    out += fmt::format(
        "--{}\r\nContent-Type: {}; name=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=\"{}\"\r\n\r\n",
        boundary, without_controls(part.type), name, name);
    out += base64(part.bytes);
  }
  return out + "--" + boundary + "--\r\n";
}

std::string with_dots(std::string_view message) {
  std::string out;
  out.reserve(message.size() + 64);
  bool at_start = true;
  for (const char c : message) {
    if (at_start && c == '.') {
      out += '.';
    }
    out += c;
    at_start = c == '\n';
  }
  if (!at_start) {
    out += "\r\n";
  }
  return out + ".\r\n";
}

}  // namespace switchroom::mail
