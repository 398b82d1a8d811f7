// Digest authentication, both sides. RFC 2617, RFC 7616, RFC 8760.
#pragma once

#include "base/clock.hpp"
#include "sip/digest_fields.hpp"
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

/// The outcome of checking a request's credentials.
enum class AuthVerdict : std::uint8_t {
  missing,  // no credentials for our realm: an ordinary first challenge, never counted as a failure
  stale,    // right password, but a nonce that is old, not ours or not this address's, or a nonce count
            // that was used: challenge again with stale=true. Never counted as a failure: whoever replays
            // a packet under its victim's address must not get the victim banned
  wrong,    // wrong password, unknown user (indistinguishable), malformed
  accepted
};
struct AuthResult {
  AuthVerdict verdict = AuthVerdict::missing;
  std::string username;         // as claimed (printable, at most 64 characters), also when wrong
  bool old_password = false;    // wrong now, right before the last change of the configuration
  bool proved_address = false;  // the nonce was made for this source address, within its lifetime: the
                                // sender receives what we send
};

/// Which nonce counts were used, for a bounded number of nonces. Only the owner of a right password gets
/// an entry. When it is full the entries whose nonces were made longest ago are forgotten, and from then on
/// every nonce made as early as those is stale unless it is still known: a full table costs a phone one
/// more challenge and never lets a replay through.
class NonceCounts {
 public:
  explicit NonceCounts(std::size_t limit) : limit_(limit) {}

  /// True once for each (nonce, count); counts may arrive out of order by up to 63. No count: a client of
  /// RFC 2069 without qop, whose nonce is used up by one request. Times in milliseconds of one clock.
  bool use(std::uint64_t nonce, std::int64_t made, std::optional<std::uint32_t> count);
  /// Forgets nonces made before `oldest`, whose expiry makes them stale by itself.
  void expire(std::int64_t oldest);
  [[nodiscard]] std::size_t size() const { return used_.size(); }

 private:
  struct Used {
    std::int64_t made = 0;
    std::uint64_t window = 1;  // bit n: the count highest - n was used
    std::uint32_t highest = 0;
    bool closed = false;  // used without a count
  };
  void make_room();

  std::size_t limit_;
  std::unordered_map<std::uint64_t, Used> used_;
  std::int64_t floor_ = INT64_MIN;  // nonces made at or before it are only good while they are known
};

/// Makes and checks challenges of one realm. Call thread. Nonces are stateless (time, a random id, source
/// address, HMAC under a key of this object) beside the bounded table of counts, so a flood of first
/// requests allocates nothing that stays. The check does the same work for an unknown user.
class DigestServer {
 public:
  struct Settings {
    std::string realm;
    std::vector<DigestAlgorithm> algorithms{DigestAlgorithm::md5};  // in the order they are offered
    base::Duration nonce_lifetime = std::chrono::minutes(5);
    std::size_t remembered_nonces = 65536;  // about 64 bytes each
    bool operator==(const Settings&) const = default;
  };
  /// The password of a user, nullopt for an unknown one. An empty one lets nobody in.
  using Lookup = std::function<std::optional<std::string>(std::string_view username)>;

  DigestServer(Settings settings, Lookup lookup);
  /// Passwords of before, to tell a phone that was forgotten from somebody who guesses. Lets nobody in.
  void set_former(Lookup former) { former_ = std::move(former); }

  /// Checks the Authorization headers. `source` is the peer's address in text (without port): the nonce is
  /// bound to it.
  /// The credentials' uri must have the user part of the request's URI or none (sipp, some phones), the part
  /// that decides what the request does; host, port and parameters may differ, since ALGs and proxies rewrite
  /// them (RFC 7616 3.4.6 asks for care here) and the method is part of the hash anyway.
  AuthResult check(const Message& request, std::string_view source, base::Time now);
  [[nodiscard]] bool is_set_to(const Settings& settings) const { return settings_ == settings; }
  /// Adds WWW-Authenticate headers to a 401 (one for each algorithm).
  void challenge(Message& response, std::string_view source, base::Time now, bool stale);

 private:
  struct Nonce {
    std::int64_t made = 0;  // ms of the steady clock
    std::uint64_t id = 0;
    bool fresh = false;
  };
  [[nodiscard]] std::string make_nonce(std::string_view source, base::Time now) const;
  [[nodiscard]] std::optional<Nonce> open_nonce(std::string_view text, std::string_view source,
                                                base::Time now) const;
  [[nodiscard]] std::string seal(std::string_view head, std::string_view source) const;
  [[nodiscard]] bool is_password_right(const DigestFields& fields, std::string_view method,
                                       const Lookup& lookup) const;

  Settings settings_;
  Lookup lookup_;
  Lookup former_;
  std::array<std::uint8_t, 32> key_{};
  std::string decoy_;  // what an unknown user's response is computed with
  NonceCounts counts_;
};

/// Client side: the Authorization value for a challenge, nullopt when it is malformed, its algorithm is not
/// MD5, SHA-256 or one of their -sess forms, or it asks for auth-int alone. Used for phones and carriers
/// that challenge us; credentials go only to the realm that they were given for (see realm_of).
/// nonce_count is 1 for a new nonce and one more for each request that reuses it. Any thread.
struct DigestCredentials {
  std::string username;
  std::string password;
};
std::optional<std::string> answer_challenge(std::string_view challenge, const DigestCredentials& credentials,
                                            std::string_view method, std::string_view uri,
                                            std::uint32_t nonce_count = 1);

/// The realm of a Digest challenge or of credentials; empty when there is none.
std::string_view realm_of(std::string_view challenge);

}  // namespace switchroom::sip
