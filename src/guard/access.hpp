// Who may do what, and how often: asked before anything is allocated for a peer.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"
#include "config/snapshot.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace switchroom::guard {

[[nodiscard]] bool contains(const config::Network& network, const base::IpAddress& address);
[[nodiscard]] bool contains(const config::Acl& acl, const base::IpAddress& address);

/// Facts about a peer's wish.
enum class Wish : std::uint8_t { send /* any packet */, enroll /* REGISTER */, call };

/// Access by the profile's ACLs. Call thread; the snapshot is swapped by a reload.
class Access {
 public:
  explicit Access(config::SnapshotPtr snapshot) : snapshot_(std::move(snapshot)) {}
  void configure(config::SnapshotPtr snapshot) { snapshot_ = std::move(snapshot); }
  [[nodiscard]] bool admit(Wish wish, const base::IpAddress& source, std::string_view profile) const;

 private:
  config::SnapshotPtr snapshot_;
};

/// At most `rate` events a second, smoothly, with a burst of one second's worth. Call thread.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_second) : rate_(per_second) {}
  void configure(std::uint32_t per_second) { rate_ = per_second; }
  /// False: over the limit. A limit of 0 refuses everything.
  bool take(base::Time now);

 private:
  std::uint32_t rate_;
  double tokens_ = -1;  // -1: full at first use
  base::Time last_{};
};

}  // namespace switchroom::guard
