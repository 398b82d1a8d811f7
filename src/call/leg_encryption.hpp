// Which encryption a leg's sound may have, and why not.
#pragma once

#include "config/snapshot.hpp"
#include "sdp/negotiate.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

/// Pure.
struct LegEncryption {
  sdp::Encryption wanted = sdp::Encryption::forbidden;
  std::vector<sdp::CryptoSuite> suites;  // of keys in SDP; empty: none may stand there
  bool in_the_open = false;              // … since others can read the signalling
  bool dtls = false;                     // handshakes are made
  bool prefers_dtls = false;
  std::vector<sdp::CryptoSuite> dtls_suites;

  /// How our own offer asks for encryption; sdp::make_offer does the same.
  enum class Form : std::uint8_t { plain, best_effort, sdes, dtls };
  [[nodiscard]] Form offered() const;
};

/// What an extension or trunk says for itself; empty: as its profile.
struct OwnEncryption {
  std::string srtp;
  std::vector<std::string> keys;
};

/// `secure_signalling`: nobody between the peer and us reads it.
LegEncryption leg_encryption(const config::Profile& profile, const OwnEncryption& own,
                             bool secure_signalling);

}  // namespace switchroom::call
