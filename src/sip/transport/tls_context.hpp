// Keys and certificates of TLS, as OpenSSL holds them.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace switchroom::sip {

struct TlsSettings {
  std::string certificate;  // PEM: ours, then those that vouch for it; empty: we only connect
  std::string key;          // PEM
  std::string authorities;  // PEM: whom we believe; empty: nobody
  bool only_13 = false;     // refuse TLS 1.2; older ones are always refused
  enum class Clients : std::uint8_t { not_asked, optional, required } clients = Clients::not_asked;
  bool verify = true;  // the certificate of whom we connect to, unless a TlsPeer says otherwise
};

/// Immutable. Shared by the connections that began with it: a swapped certificate changes nothing for them.
/// Call thread.
class TlsContext {
 public:
  /// The error says which of them is wrong, and why.
  static base::result<std::shared_ptr<TlsContext>> make(const TlsSettings& settings);

  /// Null without a certificate.
  [[nodiscard]] ssl_ctx_st* server() const { return server_.get(); }
  [[nodiscard]] ssl_ctx_st* client() const { return client_.get(); }
  [[nodiscard]] bool verifies() const { return verifies_; }

 private:
  struct Closer {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Closer> server_;
  std::unique_ptr<ssl_ctx_st, Closer> client_;
  bool verifies_ = true;
};

}  // namespace switchroom::sip
