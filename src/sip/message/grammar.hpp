// Character classes and small readers of RFC 3261 section 25.1, shared by the parser and the printer. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sip::grammar {

/// Sets of characters, as bits.
using Classes = std::uint16_t;
inline constexpr Classes token = 1;        // token
inline constexpr Classes host = 2;         // hostname and IPv4 (and "_", which many a host has)
inline constexpr Classes user = 4;         // unreserved and user-unreserved: needs no escape in a user part
inline constexpr Classes uri_param = 8;    // paramchar without escapes
inline constexpr Classes bare_value = 16;  // a header parameter's value that needs no quotes
inline constexpr Classes scheme = 32;      // scheme, after its first letter
inline constexpr Classes uri_text = 64;    // may stand somewhere in a URI as it is
inline constexpr Classes word = 128;       // word, as in Call-ID, and "@"
inline constexpr Classes password = 256;   // needs no escape in a password

namespace detail {
constexpr std::array<Classes, 256> make_classes() {
  std::array<Classes, 256> classes{};
  const auto add = [&classes](std::string_view characters, unsigned bits) {
    for (const char c : characters) {
      classes[static_cast<unsigned char>(c)] =
          static_cast<Classes>(classes[static_cast<unsigned char>(c)] | bits);
    }
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 0xffff);
  add("-.!%*_+`'~", token | bare_value | word);
  add("()<>:\\\"/[]?{}@", word);
  add("[]:", bare_value);
  add("-._", host);
  add("-_.!~*'()&=+$,;?/", user);
  add("-_.!~*'()&=+$,", password);
  add("-_.!~*'()[]/:&+$", uri_param);
  add("+-.", scheme);
  add("-_.!~*'()&=+$,;?/:@%[]#|^`{}\\", uri_text);
  return classes;
}
inline constexpr std::array<Classes, 256> classes = make_classes();
}  // namespace detail

constexpr bool is(char c, Classes which) {
  return (detail::classes[static_cast<unsigned char>(c)] & which) != 0;
}
constexpr bool all(std::string_view text, Classes which) {
  for (const char c : text) {
    if (!is(c, which)) return false;
  }
  return true;
}
constexpr bool is_token(std::string_view text) { return !text.empty() && all(text, token); }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
/// The value of a hexadecimal digit, -1 for anything else.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string lowered(std::string_view text);
std::string uppered(std::string_view text);
bool same_word(std::string_view a, std::string_view b);  // without case

/// Without spaces, tabs and line ends at both ends.
std::string_view trim(std::string_view text);

/// Digits alone; nullopt for anything else, and for what does not fit unless `clamp` says to cut to the
/// largest number (RFC 4475 3.1.2.4 for Expires).
std::optional<std::uint32_t> number(std::string_view text, bool clamp = false);

/// The length of the quoted string that `text` starts with, its quotes included; 0 when it does not end.
std::size_t quoted_length(std::string_view text);
/// The inside of a quoted string with its backslashes resolved; other text as it is.
std::string unquoted(std::string_view text);

/// The next element of a comma-separated list, trimmed; `rest` moves behind it. Commas inside quotes and
/// angle brackets separate nothing. Empty elements are handed out too.
std::string_view next_element(std::string_view& rest);

/// Appends `text` with CR, LF and NUL as spaces: what comes from a value never ends a header.
void append_clean(std::string& out, std::string_view text);
/// Appends `text` as a quoted string.
void append_quoted(std::string& out, std::string_view text);
/// Appends `text` with every character outside `which` as %XX. With `keep_escapes` a "%" that starts an
/// escape stays.
void append_escaped(std::string& out, std::string_view text, Classes which, bool keep_escapes = false);
void append_number(std::string& out, std::uint32_t number);

/// %XX resolved; nullopt for a "%" that two hexadecimal digits do not follow.
std::optional<std::string> unescaped(std::string_view text);

/// Printable ASCII of at most `limit` characters; others become "?".
std::string printable(std::string_view text, std::size_t limit);

}  // namespace switchroom::sip::grammar
