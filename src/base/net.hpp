// Addresses as values, without a socket.
#pragma once

#include "base/asio.hpp"

#include <cstdint>
#include <string>

namespace switchroom::base {

using IpAddress = asio::ip::address;

/// An address and a port, of any transport.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "192.0.2.1:5060", "[2001:db8::1]:5060".
std::string text(const Endpoint& endpoint);
/// The address as SIP and SDP hosts write it: IPv6 in brackets for SIP.
std::string host_text(const IpAddress& address);
/// ::ffff:192.0.2.1 becomes 192.0.2.1; others stay.
IpAddress unmapped(const IpAddress& address);
/// The source address that this machine would use to reach `peer`; unspecified when there is no route.
IpAddress local_address_towards(const IpAddress& peer);

}  // namespace switchroom::base
