// Whose handshake counts, how often it is tried and how long: what stands between a port and an association.
#pragma once

#include "base/clock.hpp"
#include "media/dtls/association.hpp"
#include "media/engine.hpp"
#include "media/engine/socket_address.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

/// A state machine without I/O; times are the caller's. docs/media.md says in prose who may interfere.
///
/// Strangers that share the peer's host may speak before the peer does. A source counts alone as soon as it
/// has shown that it gets what we send; the announced address takes over from any other, at any time. A
/// source with another certificate is barred; only if it is the announced one that ends all. Whatever breaks
/// a handshake before it is proven may have been forged: it begins again, until its time is over.
class Handshake {
 public:
  static constexpr base::Duration limit = std::chrono::seconds(10);
  /// Then a peer that missed our last flight has asked for it, or never will.
  static constexpr base::Duration linger = std::chrono::seconds(30);

  /// `announced`: the peer's by SDP; may name nobody, and then the active side cannot begin.
  Handshake(const DtlsIdentity& identity, DtlsTerms terms, const SocketAddress& announced, base::Time now);

  void receive(std::span<const std::uint8_t> datagram, const SocketAddress& source, base::Time now);
  /// At due(), or later.
  void on_time(base::Time now);
  [[nodiscard]] base::Time due() const;
  /// All of its time again.
  void extend(base::Time now);

  struct Datagram {
    SocketAddress to;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Datagram> take_output();

  /// Once there is one; it stays.
  [[nodiscard]] const std::optional<HandshakeEnd>& end() const { return end_; }
  [[nodiscard]] const sdp::SrtpPlan& keys() const { return association_->keys(); }  // once secured
  [[nodiscard]] const SocketAddress& peer() const { return peer_; }
  /// Nothing will come of it any more.
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  void restart(base::Time now);
  void judge(const SocketAddress& source, base::Time now);
  void collect(const SocketAddress& to, base::Time now);
  void settle(HandshakeEnd::Outcome outcome, std::string what);
  [[nodiscard]] bool may_speak(const SocketAddress& source, base::Time now);

  const DtlsIdentity& identity_;
  DtlsTerms terms_;
  SocketAddress announced_;
  SocketAddress peer_;  // nobody yet, or whose handshake it is
  std::unique_ptr<DtlsAssociation> association_;
  std::vector<SocketAddress> barred_;
  std::vector<Datagram> output_;
  std::optional<HandshakeEnd> end_;
  unsigned restarts_ = 0;
  unsigned rubbish_ = 0;   // restarts for what came from nobody in particular: they cost little
  bool mistaken_ = false;  // somebody showed a wrong certificate, or shares nothing with us
  bool over_ = false;
  std::string complaint_;  // of the last try
  base::Time began_;       // peer_ did
  base::Time deadline_;
  base::Time retry_ = base::Time::max();   // of OpenSSL's
  base::Time begins_ = base::Time::max();  // the next try
};

}  // namespace switchroom::media
