// Which of our addresses a peer sees, asked from the kernel's routes and kept for a few seconds.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"

#include <array>
#include <map>
#include <unordered_map>

namespace switchroom::sip {

/// By /24 or /64 of the peer, since a message asks several times and a burst comes from one net. Call
/// thread. Bounded: strangers choose the keys.
class RouteCache {
 public:
  base::IpAddress local_towards(const base::IpAddress& peer, base::Time now);
  /// Whether the machine has this address just now.
  bool is_ours(const base::IpAddress& address, base::Time now);
  /// The kernel would not send from it, whatever is_ours() says (net.ipv4.ip_nonlocal_bind).
  void not_ours(const base::IpAddress& address, base::Time now);

 private:
  struct Ours {
    bool yes = false;
    base::Time until;
  };
  struct Entry {
    base::IpAddress local;
    base::Time until;
  };
  void remember(const base::IpAddress& address, Ours ours);

  std::unordered_map<std::uint64_t, Entry> entries_;
  std::map<base::IpAddress, Ours> ours_;
};

/// The network that one peer is taken for: an IPv4 address with `v4_bits` kept, an IPv6 /64. The
/// uppermost bit tells the families apart.
std::uint64_t network_of(const base::IpAddress& address, unsigned v4_bits);

}  // namespace switchroom::sip
