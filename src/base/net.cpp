#include "base/net.hpp"

#include <sys/socket.h>

#include <unistd.h>

namespace switchroom::base {

std::string host_text(const IpAddress& address) {
  return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

std::string text(const Endpoint& endpoint) {
  return host_text(endpoint.address) + ":" + std::to_string(endpoint.port);
}

IpAddress unmapped(const IpAddress& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

IpAddress local_address_towards(const IpAddress& peer) {
  // Connecting a UDP socket sends nothing: it only asks the kernel for the route.
  const asio::ip::udp::endpoint remote(peer, 9);
  asio::ip::udp::endpoint local(remote.protocol(), 0);
  const int probe = ::socket(remote.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) {
    return local.address();
  }
  auto size = static_cast<socklen_t>(local.capacity());
  if (::connect(probe, remote.data(), static_cast<socklen_t>(remote.size())) == 0) {
    (void)::getsockname(probe, local.data(), &size);
  }
  ::close(probe);
  return local.address();
}

}  // namespace switchroom::base
