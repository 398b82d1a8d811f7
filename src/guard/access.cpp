#include "guard/access.hpp"

#include <algorithm>

namespace switchroom::guard {
namespace {

template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned prefix) {
  const std::size_t whole = prefix / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
    return false;
  }
  const unsigned rest = prefix % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) & (0xFF00U >> rest) & 0xFFU) == 0;
}

/// An IPv4 network that was written in the mapped form: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
config::Network unmapped(const config::Network& network) {
  const base::IpAddress address = base::unmapped(network.address);
  if (network.address.is_v6() && address.is_v4() && network.prefix >= 96) {
    return {address, static_cast<std::uint8_t>(network.prefix - 96)};
  }
  return network;
}

}  // namespace

bool contains(const config::Network& network, const base::IpAddress& address) {
  const config::Network wanted = unmapped(network);
  const base::IpAddress plain = base::unmapped(address);
  if (wanted.address.is_v4() != plain.is_v4()) {
    return false;
  }
  if (plain.is_v4()) {
    return same_prefix(wanted.address.to_v4().to_bytes(), plain.to_v4().to_bytes(),
                       std::min<unsigned>(wanted.prefix, 32));
  }
  return same_prefix(wanted.address.to_v6().to_bytes(), plain.to_v6().to_bytes(),
                     std::min<unsigned>(wanted.prefix, 128));
}

bool contains(const config::Acl& acl, const base::IpAddress& address) {
  return std::any_of(acl.allow.begin(), acl.allow.end(),
                     [&](const config::Network& network) { return contains(network, address); });
}

bool Access::admit(Wish wish, const base::IpAddress& source, std::string_view profile) const {
  // Rare enough that a copy of the name costs nothing next to the packet: names fit a small string.
  const auto found = snapshot_->profiles.find(std::string(profile));
  if (found == snapshot_->profiles.end()) {
    return false;
  }
  const auto permits = [&](const std::string& name) {
    if (name.empty()) {
      return true;
    }
    const auto acl = snapshot_->acl.find(name);
    return acl != snapshot_->acl.end() && contains(acl->second, source);
  };
  const config::Profile& rules = found->second;
  return permits(rules.allow) && (wish != Wish::enroll || permits(rules.allow_register)) &&
         (wish != Wish::call || permits(rules.allow_call));
}

bool RateLimit::take(base::Time now) {
  const double burst = rate_;
  if (tokens_ < 0) {
    tokens_ = burst;
  } else if (now > last_) {
    tokens_ += std::chrono::duration<double>(now - last_).count() * burst;
  }
  last_ = std::max(last_, now);
  tokens_ = std::min(tokens_, burst);  // also when a reload has lowered the rate
  if (tokens_ < 1) {
    return false;
  }
  tokens_ -= 1;
  return true;
}

}  // namespace switchroom::guard
