// Which ports are free, and two sockets bound to a pair of them. Call thread.
#pragma once

#include "base/net.hpp"
#include "base/result.hpp"
#include "media/engine.hpp"
#include "media/engine/socket.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace switchroom::media {

/// An even port for RTP and the odd one above it for RTCP, bound.
struct BoundPair {
  Socket rtp;
  Socket rtcp;
  std::uint16_t port = 0;
};

/// Hands out pairs at random: a stranger cannot guess where the next call will be, and a port that was
/// just left rests for a while. What is ours is remembered for each local address, so that a range that
/// is used up is known without asking the kernel port by port.
class PortRange {
 public:
  PortRange(std::uint16_t first, std::uint16_t last) { configure(first, last); }
  /// Pairs that were given out before stay what they are.
  void configure(std::uint16_t first, std::uint16_t last);
  /// Binds at most `max_attempts` pairs that others turn out to hold before it gives up: ports_used_up;
  /// cannot_bind when the address is not ours or the process may not.
  base::result<BoundPair, Engine::OpenError> open(const base::IpAddress& local);
  void release(const base::IpAddress& local, std::uint16_t port);
  [[nodiscard]] std::uint32_t pairs() const { return pairs_; }  // for each address

  static constexpr unsigned max_attempts = 64;

 private:
  std::uint16_t first_ = 0;  // even
  std::uint32_t pairs_ = 0;
  std::map<base::IpAddress, std::vector<bool>> used_;  // by port / 2
};

}  // namespace switchroom::media
