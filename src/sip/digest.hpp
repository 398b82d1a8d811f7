// Digest authentication, both sides. RFC 2617, RFC 7616, RFC 8760.
#pragma once

#include "base/clock.hpp"
#include "sip/message/message.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchroom::sip {

enum class DigestAlgorithm : std::uint8_t { md5, sha256 };

/// The outcome of checking a request's credentials.
enum class AuthVerdict : std::uint8_t {
  missing,   // no credentials for our realm: an ordinary first challenge, never counted as a failure
  stale,     // right password, old nonce: challenge again with stale=true
  wrong,     // wrong password, unknown user (indistinguishable), malformed, replayed nonce count
  accepted
};
struct AuthResult {
  AuthVerdict verdict = AuthVerdict::missing;
  std::string username;      // as claimed (printable, bounded), also when wrong
  bool proved_address = false;  // the nonce was made for this source address: the sender receives what we send
};

/// Makes and checks challenges of one realm. Call thread. Nonces are stateless (time, source address,
/// HMAC under a key of this process) beside a bounded table of nonce counts that were used, so a flood
/// of first requests allocates nothing. The check takes the same time for an unknown user.
class DigestServer {
 public:
  struct Settings {
    std::string realm;
    std::vector<DigestAlgorithm> algorithms{DigestAlgorithm::md5};  // in the order they are offered
    base::Duration nonce_lifetime = std::chrono::minutes(5);
  };
  /// The password of a user, nullopt for an unknown one.
  using Lookup = std::function<std::optional<std::string>(std::string_view username)>;

  DigestServer(Settings settings, Lookup lookup);

  /// `source` is the peer's address in text (without port): the nonce is bound to it.
  AuthResult check(const Message& request, std::string_view source, base::Time now);
  /// Adds WWW-Authenticate headers to a 401 (one for each algorithm).
  void challenge(Message& response, std::string_view source, base::Time now, bool stale);

 private:
  struct Credentials;
  Settings settings_;
  Lookup lookup_;
  std::array<std::uint8_t, 32> key_{};
  std::unordered_map<std::string, std::uint32_t> counts_;  // nonce -> highest nonce count seen; bounded
};

/// Client side: the Authorization value for a challenge, nullopt when no algorithm fits. Used for
/// phones and carriers that challenge us; credentials go only to the realm that they were given for.
struct DigestCredentials {
  std::string username;
  std::string password;
};
std::optional<std::string> answer_challenge(std::string_view challenge, const DigestCredentials& credentials,
                                            std::string_view method, std::string_view uri,
                                            std::uint32_t nonce_count = 1);

}  // namespace switchroom::sip
