#include "sdp/dtls.hpp"

#include "sdp/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::sdp {
namespace {

struct Hash {
  std::string_view name;
  std::size_t size;
};
// In the order of HashFunction.
constexpr std::array<Hash, 5> hashes{
    {{"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}}};
// In the order of Setup.
constexpr std::array<std::string_view, 4> setups{"actpass", "active", "passive", "holdconn"};

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

/// "4A:AD:B9", so many bytes. The RFC wants upper case; not everybody does.
std::optional<std::vector<std::uint8_t>> read_bytes(std::string_view text, std::size_t size) {
  if (text.size() != 3 * size - 1) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    const bool separated = i + 2 == text.size() || text[i + 2] == ':';
    if (!high || !low || !separated) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4U | *low));
  }
  return bytes;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y; });
}

}  // namespace

std::string_view name(HashFunction hash) { return hashes.at(static_cast<std::size_t>(hash)).name; }

std::optional<Fingerprint> parse_fingerprint(std::string_view value) {
  const auto hash_name = text::take_token(value);
  const auto* hash = std::find_if(hashes.begin(), hashes.end(),
                                  [&](const Hash& one) { return same_word(hash_name, one.name); });
  if (hash == hashes.end()) return std::nullopt;
  auto bytes = read_bytes(text::take_token(value), hash->size);
  if (!bytes || !text::take_token(value).empty()) return std::nullopt;
  return Fingerprint{static_cast<HashFunction>(hash - hashes.begin()), std::move(*bytes)};
}

std::string print_fingerprint(const Fingerprint& fingerprint) {
  std::string text(name(fingerprint.hash));
  for (std::size_t i = 0; i < fingerprint.bytes.size(); ++i) {
    text += fmt::format("{}{:02X}", i == 0 ? ' ' : ':', fingerprint.bytes[i]);
  }
  return text;
}

std::string_view name(Setup setup) { return setups.at(static_cast<std::size_t>(setup)); }

std::optional<Setup> setup_named(std::string_view name) {
  const auto* found = std::find(setups.begin(), setups.end(), name);
  if (found == setups.end()) return std::nullopt;
  return static_cast<Setup>(found - setups.begin());
}

bool has_dtls_profile(CryptoSuite suite) { return suite != CryptoSuite::aes_256_cm_hmac_sha1_80; }

}  // namespace switchroom::sdp
