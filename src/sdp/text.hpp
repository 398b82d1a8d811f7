// Small readers over a string_view: each takes what it reads off the front (or the end).
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace switchroom::sdp::text {

/// What stands before `separator`, or everything; the separator is dropped.
inline std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The next word; empty at the end.
inline std::string_view take_token(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  const auto end = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
  const auto taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

/// The last word; `text` keeps what stands before it, without blanks at its ends.
inline std::string_view take_last(std::string_view& text) {
  text = trimmed(text);
  std::size_t start = text.size();
  while (start > 0 && !is_blank(text[start - 1])) --start;
  const auto taken = text.substr(start);
  text = trimmed(text.substr(0, start));
  return taken;
}

/// Decimal digits only, all of `text`; nullopt when it is anything else or does not fit.
template <class Integer>
std::optional<Integer> number(std::string_view text) {
  Integer value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Decimal digits of any length: o= allows more than 64 bits, and we only ever print them again.
inline std::optional<std::uint64_t> saturated(std::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  return number<std::uint64_t>(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

/// Printable ASCII without blanks, at least one character.
inline bool is_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// RFC 8866 token: visible, and none of the characters that separate.
inline bool is_token(std::string_view text) {
  return is_visible(text) && text.find_first_of("\"(),/:;<=>?@[]\\") == std::string_view::npos;
}

/// Tokens joined by '/': "RTP/AVP", "UDP/TLS/RTP/SAVPF", "udptl".
inline bool is_protocol(std::string_view text) {
  if (text.empty() || text.back() == '/') return false;
  while (!text.empty()) {
    if (!is_token(take_until(text, '/'))) return false;
  }
  return true;
}

}  // namespace switchroom::sdp::text
