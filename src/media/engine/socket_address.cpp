#include "media/engine/socket_address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace switchroom::media {

std::optional<SocketAddress> SocketAddress::of(const base::Endpoint& endpoint, sa_family_t family) {
  const base::IpAddress address = base::unmapped(endpoint.address);
  if (endpoint.port == 0 || address.is_unspecified() || address.is_multicast() ||
      (address.is_v4() && address.to_v4() == asio::ip::address_v4::broadcast())) {
    return std::nullopt;
  }
  SocketAddress result;
  if (family == AF_INET) {
    if (!address.is_v4()) {
      return std::nullopt;
    }
    result.storage_.v4.sin_family = AF_INET;
    result.storage_.v4.sin_port = htons(endpoint.port);
    result.storage_.v4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    return result;
  }
  const asio::ip::address_v6 wide =
      address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  result.storage_.v6.sin6_family = AF_INET6;
  result.storage_.v6.sin6_port = htons(endpoint.port);
  result.storage_.v6.sin6_scope_id = static_cast<std::uint32_t>(wide.scope_id());
  std::memcpy(&result.storage_.v6.sin6_addr, wide.to_bytes().data(), 16);
  return result;
}

socklen_t SocketAddress::size() const {
  return storage_.any.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

base::Endpoint SocketAddress::endpoint() const {
  if (storage_.any.sa_family == AF_INET) {
    return {asio::ip::address_v4(ntohl(storage_.v4.sin_addr.s_addr)), ntohs(storage_.v4.sin_port)};
  }
  if (storage_.any.sa_family == AF_INET6) {
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &storage_.v6.sin6_addr, bytes.size());
    return {base::unmapped(asio::ip::address_v6(bytes)), ntohs(storage_.v6.sin6_port)};
  }
  return {};
}

bool SocketAddress::same_host(const SocketAddress& other) const {
  if (storage_.any.sa_family != other.storage_.any.sa_family) {
    return false;
  }
  if (storage_.any.sa_family == AF_INET) {
    return storage_.v4.sin_addr.s_addr == other.storage_.v4.sin_addr.s_addr;
  }
  // The scope is left out: an SDP names no interface, and a link-local peer's packets carry one.
  return std::memcmp(&storage_.v6.sin6_addr, &other.storage_.v6.sin6_addr, sizeof(in6_addr)) == 0;
}

}  // namespace switchroom::media
