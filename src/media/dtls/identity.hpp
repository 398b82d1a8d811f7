// Who we are in every DTLS handshake: a certificate that nobody vouches for but the signalling.
#pragma once

#include "base/openssl.hpp"
#include "base/result.hpp"
#include "sdp/dtls.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace switchroom::media {

/// A self-signed certificate (ECDSA, P-256) with its key, made in memory: it is written nowhere and ends with
/// the process. Read by any thread.
class DtlsIdentity {
 public:
  static base::result<std::unique_ptr<const DtlsIdentity>> make();
  [[nodiscard]] const sdp::Fingerprint& fingerprint() const { return fingerprint_; }
  /// For SSL_new(); associations finish it.
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }
  /// Of the cookies, which show that a peer gets what is sent to it.
  [[nodiscard]] const std::array<std::uint8_t, 32>& secret() const { return secret_; }

 private:
  DtlsIdentity() = default;
  sdp::Fingerprint fingerprint_;
  base::openssl::Context context_;
  std::array<std::uint8_t, 32> secret_{};
};

}  // namespace switchroom::media
