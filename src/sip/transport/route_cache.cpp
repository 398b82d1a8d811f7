#include "sip/transport/route_cache.hpp"

namespace switchroom::sip {
namespace {

constexpr auto keep = std::chrono::seconds(5);
constexpr std::size_t max_entries = 1024;

}  // namespace

std::uint64_t network_of(const base::IpAddress& address, unsigned v4_bits) {
  if (address.is_v4()) {
    return address.to_v4().to_uint() >> (32U - v4_bits);
  }
  std::uint64_t prefix = 0;
  const auto bytes = address.to_v6().to_bytes();
  for (std::size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8U | bytes[i];
  }
  return prefix | std::uint64_t{1} << 63U;
}

base::IpAddress RouteCache::local_towards(const base::IpAddress& peer, base::Time now) {
  const auto key = network_of(peer, 24);
  if (const auto known = entries_.find(key); known != entries_.end() && now < known->second.until) {
    return known->second.local;
  }
  if (entries_.size() >= max_entries) {
    entries_.clear();
  }
  const auto local = base::local_address_towards(peer);
  entries_[key] = {local, now + keep};
  return local;
}

bool RouteCache::is_ours(const base::IpAddress& address, base::Time now) {
  if (const auto known = ours_.find(address); known != ours_.end() && now < known->second.until) {
    return known->second.yes;
  }
  asio::io_context context;
  asio::ip::udp::socket socket(context);
  const asio::ip::udp::endpoint there(address, 0);
  error_code ec;
  socket.open(there.protocol(), ec);
  if (!ec) {
    socket.bind(there, ec);
  }
  remember(address, {!ec, now + keep});
  return !ec;
}

void RouteCache::not_ours(const base::IpAddress& address, base::Time now) {
  remember(address, {false, now + keep});
}

void RouteCache::remember(const base::IpAddress& address, Ours ours) {
  if (ours_.size() >= max_entries) {
    ours_.clear();
  }
  ours_[address] = ours;
}

}  // namespace switchroom::sip
