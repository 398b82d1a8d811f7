#include "base/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace switchroom::base {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(std::string_view text, std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
  const unsigned char c = byte_at(text, at);
  return c >= low && c <= high;
}

bool is_printable_ascii(char c) {
  return c >= 0x20 && c != 0x7f;
}  // char is signed: above 0x7f is below 0x20

std::uint32_t code_point(std::string_view sequence) {
  static constexpr std::uint32_t lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = byte_at(sequence, 0) & lead_mask[sequence.size()];
  for (std::size_t i = 1; i < sequence.size(); ++i) code = code << 6U | (byte_at(sequence, i) & 0x3fU);
  return code;
}

bool within(std::uint32_t code, std::uint32_t low, std::uint32_t high) { return code >= low && code <= high; }

std::size_t columns(std::uint32_t code) {
  if (within(code, 0x300, 0x36f) || within(code, 0x200b, 0x200f) || within(code, 0xfe00, 0xfe0f)) return 0;
  const bool wide =
      within(code, 0x1100, 0x115f) || within(code, 0x2e80, 0xa4cf) || within(code, 0xac00, 0xd7a3) ||
      within(code, 0xf900, 0xfaff) || within(code, 0xfe30, 0xfe6f) || within(code, 0xff00, 0xff60) ||
      within(code, 0xffe0, 0xffe6) || within(code, 0x1f300, 0x1faff) || within(code, 0x20000, 0x3fffd);
  return wide ? 2 : 1;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text, std::size_t at) {
  const unsigned char lead = byte_at(text, at);
  if (at >= text.size()) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(text, at + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;  // no surrogates
    return continues(text, at + 1, low, high) && continues(text, at + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(text, at + 1, low, high) && continues(text, at + 2) && continues(text, at + 3) ? 4 : 0;
  }
  return 0;
}

std::string printable(std::string text) {
  if (std::all_of(text.begin(), text.end(), is_printable_ascii)) return text;
  std::string clean;
  clean.reserve(text.size() + 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence(text, at);
    if (length > 1) {
      clean.append(text, at, length);
    } else if (length == 0) {
      clean += "\xef\xbf\xbd";
    } else {
      clean += is_printable_ascii(text[at]) ? text[at] : ' ';
    }
    at += std::max<std::size_t>(length, 1);
  }
  return clean;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence(text, at);
    width += length == 0 ? 1 : columns(code_point(text.substr(at, length)));
    at += std::max<std::size_t>(length, 1);
  }
  return width;
}

}  // namespace switchroom::base
