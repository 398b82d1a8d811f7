// The words of a Digest challenge or of credentials, and the hash that both sides compute. Pure.
// RFC 2617, RFC 7616.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::sip {

enum class DigestAlgorithm : std::uint8_t { md5, sha256 };

/// Values as they stand between their quotes, backslashes included: that is what is hashed (RFC 7616 3.4.2
/// unq()). Absent ones have no data().
struct DigestFields {
  std::string_view username, realm, nonce, uri, response, algorithm, cnonce, opaque, qop, nc, stale;
};

/// `Digest name=value, name="value"…`; nullopt for another scheme, a broken list, a known name that comes
/// twice, or more than 32 names. The views point into `value`.
std::optional<DigestFields> parse_digest(std::string_view value);

/// What an algorithm token stands for; absent is MD5. nullopt for one that is not known.
struct DigestKind {
  DigestAlgorithm algorithm = DigestAlgorithm::md5;
  bool session = false;  // "-sess": the first hash holds nonce and cnonce too
};
std::optional<DigestKind> parse_digest_algorithm(const DigestFields& fields);

/// The response of RFC 7616 3.4.1 in lower case hexadecimal, with qop=auth when fields.qop is there. Uses
/// username, realm, nonce, uri, qop, nc and cnonce. Empty when OpenSSL refuses the algorithm.
std::string digest_response(DigestKind kind, const DigestFields& fields, std::string_view password,
                            std::string_view method);

}  // namespace switchroom::sip
