// a=crypto: SRTP keys that travel in SDP. RFC 4568, RFC 6188, RFC 7714. Values, no I/O, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchroom::sdp {

/// Whether sound is encrypted between a peer and us.
enum class Encryption : std::uint8_t { forbidden, optional, mandatory };
std::optional<Encryption> encryption_named(std::string_view name);

enum class CryptoSuite : std::uint8_t {
  aes_cm_128_hmac_sha1_80,
  aes_cm_128_hmac_sha1_32,
  aes_256_cm_hmac_sha1_80,
  aead_aes_128_gcm,
  aead_aes_256_gcm
};
inline constexpr std::size_t crypto_suite_count = 5;
std::string_view name(CryptoSuite suite);
std::optional<CryptoSuite> crypto_suite_named(std::string_view name);
/// Bytes of master key and master salt together.
std::size_t key_size(CryptoSuite suite);

/// The master key of one direction. It is written into SDP and nowhere else: no log, no trace, no command.
struct SrtpKey {
  CryptoSuite suite = CryptoSuite::aes_cm_128_hmac_sha1_80;
  std::array<std::uint8_t, 46> bytes{};  // key, then salt; the first key_size(suite) count
  std::uint32_t mki = 0;                 // what its packets carry to name it …
  std::uint8_t mki_size = 0;             // … in so many bytes; 0: nothing
  friend bool operator==(const SrtpKey&, const SrtpKey&) = default;
  [[nodiscard]] std::span<const std::uint8_t> material() const {
    return std::span(bytes).first(key_size(suite));
  }
};
SrtpKey random_key(CryptoSuite suite);

/// Both keys of an encrypted stream. The same key again means that its context goes on.
struct SrtpPlan {
  SrtpKey send;
  SrtpKey receive;
  friend bool operator==(const SrtpPlan&, const SrtpPlan&) = default;
};

struct CryptoLine {
  std::uint32_t tag = 1;
  SrtpKey key;
  friend bool operator==(const CryptoLine&, const CryptoLine&) = default;
};
/// "1 AES_CM_128_HMAC_SHA1_80 inline:…|2^31|1:4". nullopt: malformed, of a suite that we do not have, with
/// several keys, or with parameters that change the protection (RFC 4568 6.3: a line like that is passed
/// over).
std::optional<CryptoLine> parse_crypto(std::string_view value);
std::string print_crypto(const CryptoLine& line);

}  // namespace switchroom::sdp
