// Whose packets are believed: the one rule of symmetric RTP. docs/media.md says it in prose and why.
#pragma once

#include "base/clock.hpp"
#include "media/engine/socket_address.hpp"

#include <array>
#include <cstdint>

namespace switchroom::media {

/// Decides for each packet whether its source is the peer. A value without I/O; media thread.
///
/// 1. The announced address and port is always accepted, and locks for good.
/// 2. Otherwise a source may latch only from the announced IP or the signalling peer's IP, as long as
///    nothing came from the announced address, with `proof` valid packets in a row: the same SSRC, the
///    sequence moving on. What came before that is refused. Then it alone is accepted.
/// 3. start() with another announced address begins anew; with the same one it changes nothing.
/// 4. A latched source that was silent for longer than `patience` may be succeeded by rule 2.
class Latch {
 public:
  static constexpr unsigned proof = 5;
  static constexpr base::Duration patience = std::chrono::seconds(2);

  /// `announced` may name nobody (the peer takes no media): then nothing is accepted. `signalling` is the
  /// address of the leg's SIP; its port is not looked at.
  void start(const SocketAddress& announced, const SocketAddress& signalling);

  /// The quick test for the packet path: is it who we listen to already?
  [[nodiscard]] bool is_peer(const SocketAddress& source) const { return has_peer_ && source == peer_; }
  void on_peer_packet(base::Time now) { last_heard_ = now; }

  /// A valid packet of another source. True: it is the peer from now on. `proven`: the packet itself
  /// shows that it comes from the peer, so that one is enough (RTCP that names the accepted RTP's SSRC).
  struct Claim {
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    bool proven = false;
  };
  bool admit(const SocketAddress& source, const Claim& claim, base::Time now);

  [[nodiscard]] bool has_peer() const { return has_peer_; }
  [[nodiscard]] bool locked() const { return locked_; }
  /// Where sound goes: to the peer once there is one, before that to the announced address.
  [[nodiscard]] const SocketAddress& destination() const { return has_peer_ ? peer_ : announced_; }

 private:
  /// Sources that are proving themselves. Four, so that one who interferes from the same address cannot
  /// hold the real peer up by sending a packet between each two of its own.
  struct Candidate {
    SocketAddress source;
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    unsigned count = 0;
    base::Time last;
  };
  Candidate& candidate(const SocketAddress& source);
  void accept(const SocketAddress& source, base::Time now);

  base::Time last_heard_;
  SocketAddress peer_;
  bool has_peer_ = false;
  bool locked_ = false;
  SocketAddress announced_;
  SocketAddress signalling_;
  std::array<Candidate, 4> candidates_{};
};

}  // namespace switchroom::media
