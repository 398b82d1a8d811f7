#include "sdp/crypto.hpp"

#include "base/random.hpp"
#include "sdp/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace switchroom::sdp {
namespace {

struct Suite {
  std::string_view name;
  std::size_t key_size;
};
// In the order of CryptoSuite.
constexpr std::array<Suite, crypto_suite_count> suites{{
    {"AES_CM_128_HMAC_SHA1_80", 16 + 14},
    {"AES_CM_128_HMAC_SHA1_32", 16 + 14},
    {"AES_256_CM_HMAC_SHA1_80", 32 + 14},
    {"AEAD_AES_128_GCM", 16 + 12},
    {"AEAD_AES_256_GCM", 32 + 12},
}};

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t longest_mki = 16;  // bytes
constexpr std::size_t longest_tag = 9;   // digits

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? std::uint32_t{bytes[at]} : 0U; };
    const std::uint32_t three = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    for (unsigned shift = 18, digit = 0; digit < 4; ++digit, shift -= 6) {
      text += i + digit > bytes.size() ? '=' : alphabet[(three >> shift) & 63U];
    }
  }
  return text;
}

/// Exactly as many bytes as `out` has; some phones leave the padding out.
bool read_base64(std::string_view text, std::span<std::uint8_t> out) {
  while (!text.empty() && text.back() == '=') {
    text.remove_suffix(1);
  }
  if (text.size() != (out.size() * 8 + 5) / 6) return false;
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t written = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return false;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8 && written < out.size()) {
      count -= 8;
      out[written++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return written == out.size();
}

/// "1:4": a key's name, and its length in each packet.
bool read_mki(std::string_view text, SrtpKey& key) {
  const auto value = text::number<std::uint32_t>(text::take_until(text, ':'));
  const auto size = text::number<std::uint8_t>(text);
  const bool fits =
      value && size && *size > 0 && *size <= longest_mki && (*size >= 4 || *value >> (8U * *size) == 0);
  if (!fits) return false;
  key.mki = *value;
  key.mki_size = *size;
  return true;
}

/// How many packets the key is good for: the sender's business, who changes it in time.
bool is_lifetime(std::string_view text) {
  if (text.starts_with("2^")) text.remove_prefix(2);
  return text::saturated(text).has_value();
}

/// "inline:KEY|lifetime|MKI:length"
bool read_key(std::string_view text, SrtpKey& key) {
  constexpr std::string_view method = "inline:";
  if (!text.starts_with(method) || text.find(';') != std::string_view::npos) return false;
  text.remove_prefix(method.size());
  if (!read_base64(text::take_until(text, '|'), std::span(key.bytes).first(key_size(key.suite))))
    return false;
  while (!text.empty()) {
    const auto field = text::take_until(text, '|');
    const bool understood =
        field.find(':') != std::string_view::npos ? read_mki(field, key) : is_lifetime(field);
    if (!understood) return false;
  }
  return true;
}

/// The window size is a hint; what begins with "-" may be ignored. All else (no authentication, key
/// derivation rates …) would have to be done.
bool may_be_ignored(std::string_view parameter) {
  return parameter.starts_with("WSH=") || parameter.starts_with('-');
}

}  // namespace

std::optional<Encryption> encryption_named(std::string_view name) {
  if (name == "forbidden") return Encryption::forbidden;
  if (name == "optional") return Encryption::optional;
  if (name == "mandatory") return Encryption::mandatory;
  return std::nullopt;
}

std::string_view name(CryptoSuite suite) { return suites.at(static_cast<std::size_t>(suite)).name; }

std::optional<CryptoSuite> crypto_suite_named(std::string_view name) {
  const auto* found =
      std::find_if(suites.begin(), suites.end(), [&](const Suite& s) { return s.name == name; });
  if (found == suites.end()) return std::nullopt;
  return static_cast<CryptoSuite>(found - suites.begin());
}

std::size_t key_size(CryptoSuite suite) { return suites.at(static_cast<std::size_t>(suite)).key_size; }

SrtpKey random_key(CryptoSuite suite) {
  SrtpKey key;
  key.suite = suite;
  base::random_bytes(std::as_writable_bytes(std::span(key.bytes).first(key_size(suite))));
  return key;
}

std::optional<CryptoLine> parse_crypto(std::string_view value) {
  CryptoLine line;
  const auto tag = text::take_token(value);
  const auto number = text::number<std::uint32_t>(tag);
  const auto suite = crypto_suite_named(text::take_token(value));
  if (!number || tag.size() > longest_tag || !suite) return std::nullopt;
  line.tag = *number;
  line.key.suite = *suite;
  if (!read_key(text::take_token(value), line.key)) return std::nullopt;
  for (auto token = text::take_token(value); !token.empty(); token = text::take_token(value)) {
    if (!may_be_ignored(token)) return std::nullopt;
  }
  return line;
}

std::string print_crypto(const CryptoLine& line) {
  auto text = fmt::format("{} {} inline:{}", line.tag, name(line.key.suite), base64(line.key.material()));
  if (line.key.mki_size > 0) text += fmt::format("|{}:{}", line.key.mki, line.key.mki_size);
  return text;
}

}  // namespace switchroom::sdp
