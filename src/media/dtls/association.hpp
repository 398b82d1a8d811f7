// One DTLS handshake for SRTP keys: RFC 5764, RFC 6347. A state machine around OpenSSL, without a socket.
#pragma once

#include "base/clock.hpp"
#include "media/dtls/identity.hpp"
#include "sdp/dtls.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace switchroom::media {

/// What the signalling agreed on.
struct DtlsTerms {
  bool active = false;                   // we send the ClientHello
  std::vector<sdp::Fingerprint> peer;    // its certificate fits one of them
  std::vector<sdp::CryptoSuite> suites;  // in our order
};

/// Datagrams go in and come out; whoever owns it carries them, and calls on_time(). One thread at a time.
///
/// As the passive side it answers a ClientHello with a cookie and keeps quiet until the cookie comes back, so
/// that a forged source address draws less than it cost. OpenSSL keeps time by the wall clock.
class DtlsAssociation {
 public:
  enum class State : std::uint8_t {
    waiting,     // for a peer that gets what we send
    shaking,     // with such a peer
    secured,     // keys() are there
    mistaken,    // the certificate is not the one that was named
    unsuitable,  // no SRTP profile in common
    broken       // anything else: why()
  };

  /// Completes a context that associations are made from.
  static void prepare(SSL_CTX* context);
  /// Null: OpenSSL has no memory. `identity` outlives it.
  static std::unique_ptr<DtlsAssociation> make(const DtlsIdentity& identity, const DtlsTerms& terms);
  DtlsAssociation(const DtlsAssociation&) = delete;
  DtlsAssociation& operator=(const DtlsAssociation&) = delete;
  ~DtlsAssociation();

  /// The active side's first flight.
  void begin();
  /// `source`: the address that it came from, in any form; cookies hold for it alone. After the handshake
  /// too: a peer that missed our last flight sends its own again.
  void receive(std::span<const std::uint8_t> datagram, std::span<const std::uint8_t> source);
  /// How long until a flight may have to be sent again; nullopt: nothing waits.
  [[nodiscard]] std::optional<base::Duration> patience() const;
  void on_time();

  /// What is to be sent now, a datagram each; it is handed out once.
  std::vector<std::vector<std::uint8_t>> take_output();
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool failed() const { return state_ > State::secured; }
  /// Once secured: what we send by and what the peer sends by.
  [[nodiscard]] const sdp::SrtpPlan& keys() const { return keys_; }
  /// For people: the failure, or, once secured, the cipher.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  DtlsAssociation(const DtlsIdentity& identity, const DtlsTerms& terms)
      : identity_(identity), terms_(terms) {}
  bool set_up();
  void go_on();
  void finish();
  void fail(State state, std::string why);
  [[nodiscard]] bool fits(X509* certificate) const;

  struct Calls;  // what OpenSSL calls back
  friend struct Calls;

  const DtlsIdentity& identity_;
  DtlsTerms terms_;
  base::openssl::Connection ssl_;
  std::span<const std::uint8_t> input_;   // of this call
  std::span<const std::uint8_t> source_;  // likewise
  std::vector<std::vector<std::uint8_t>> output_;
  State state_ = State::waiting;
  bool mistaken_ = false;
  std::array<std::uint8_t, 8> salt_{};  // of this one's cookies
  sdp::SrtpPlan keys_;
  std::string why_;
};

}  // namespace switchroom::media
