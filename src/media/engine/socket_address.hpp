// An address as the socket calls take it, compared in a few instructions.
#pragma once

#include "base/net.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

namespace switchroom::media {

/// IPv4 or IPv6 address and port; a default one (family 0) names nobody. A value.
class SocketAddress {
 public:
  SocketAddress() : storage_{} {}
  /// As a socket of `family` needs it: IPv4 becomes ::ffff:a.b.c.d on an IPv6 socket. nullopt where that
  /// cannot be, for port 0 and for addresses that are no single host (unspecified, multicast, broadcast).
  static std::optional<SocketAddress> of(const base::Endpoint& endpoint, sa_family_t family);

  [[nodiscard]] sockaddr* data() { return &storage_.any; }
  [[nodiscard]] const sockaddr* data() const { return &storage_.any; }
  [[nodiscard]] socklen_t size() const;
  static constexpr socklen_t capacity() { return sizeof(sockaddr_in6); }
  [[nodiscard]] explicit operator bool() const { return storage_.any.sa_family != 0; }
  /// With IPv4-mapped addresses unmapped; address 0.0.0.0 and port 0 for nobody.
  [[nodiscard]] base::Endpoint endpoint() const;
  [[nodiscard]] bool same_host(const SocketAddress& other) const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) {
    return a.storage_.v4.sin_port == b.storage_.v4.sin_port &&
           a.same_host(b);  // the port lies at one place in both
  }

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_;
};

}  // namespace switchroom::media
