// DTLS-SRTP in SDP: whose certificate, and who begins. RFC 5763, RFC 8122, RFC 8842. Values, no I/O, any
// thread.
#pragma once

#include "base/net.hpp"
#include "sdp/crypto.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sdp {

/// In the order of strength: a peer that names several is held to the strongest (RFC 8122 5).
enum class HashFunction : std::uint8_t { sha1, sha224, sha256, sha384, sha512 };
std::string_view name(HashFunction hash);  // "sha-256"

/// The hash of a certificate's DER, which the signalling vouches for.
struct Fingerprint {
  HashFunction hash = HashFunction::sha256;
  std::vector<std::uint8_t> bytes;  // as many as the hash has
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};
/// "sha-256 4A:AD:…". nullopt: malformed, or of a hash that proves nothing (MD5) or that we lack.
std::optional<Fingerprint> parse_fingerprint(std::string_view value);
std::string print_fingerprint(const Fingerprint& fingerprint);

/// a=setup (RFC 4145): who sends the ClientHello.
enum class Setup : std::uint8_t { actpass, active, passive, holdconn };
std::string_view name(Setup setup);
std::optional<Setup> setup_named(std::string_view name);

/// What one description says of its side.
struct DtlsSide {
  std::vector<Fingerprint> fingerprints;  // of the strongest hash alone
  std::optional<Setup> setup;
  std::string id;  // a=tls-id, or empty
  friend bool operator==(const DtlsSide&, const DtlsSide&) = default;
};

/// What a handshake has to prove, as both sides agreed on it.
struct DtlsPlan {
  /// Counts up in a leg: another number means another handshake, the same one that its keys go on.
  std::uint32_t association = 0;
  enum class Role : std::uint8_t { active, passive, none } role = Role::passive;  // ours; none: holdconn
  std::vector<Fingerprint> peer;                                                  // one of them must fit
  std::string peer_id;                                                            // its tls-id, or empty
  std::vector<CryptoSuite> suites;  // ours, in our order; whoever applies the plan knows them
  friend bool operator==(const DtlsPlan&, const DtlsPlan&) = default;
};

/// Our own side, where DTLS may be used.
struct LocalDtls {
  Fingerprint own;
  /// Where the peer's signalling comes from; unspecified: unknown. A peer that announces another address for
  /// its sound stands behind NAT, and must send the first packet.
  base::IpAddress peer_host;
};

/// The suites that DTLS can agree on (RFC 5764 4.1.2, RFC 7714 14.2).
bool has_dtls_profile(CryptoSuite suite);

}  // namespace switchroom::sdp
