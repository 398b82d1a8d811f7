// Bans, handed over to a set of nftables.
#pragma once

#include "config/bans_settings.hpp"
#include "guard/bans.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace switchroom::guard {

/// One transaction of nf_tables in the bytes of netlink: the set is emptied and filled with the bans of its
/// family that end after `now`, each with the time that it has left. At most `most_handed_over` of them, the
/// first ones. The last message's sequence number is returned beside it. Pure.
struct NetlinkBatch {
  std::string bytes;
  std::uint32_t last = 0;
};
NetlinkBatch fill_set(const config::NftablesSet& where, bool v6, const std::vector<Ban>& bans,
                      base::WallMicros now);
inline constexpr std::size_t most_handed_over = 2000;

/// Keeps the set equal to the bans, on a thread of its own: the kernel takes its time over a transaction.
/// What goes wrong (no such set, no CAP_NET_ADMIN) is logged once. The set is emptied at the end. Call
/// thread.
class Nftables {
 public:
  explicit Nftables(config::NftablesSet where);
  ~Nftables();
  Nftables(const Nftables&) = delete;
  Nftables& operator=(const Nftables&) = delete;

  void put(std::vector<Ban> bans);
  [[nodiscard]] const config::NftablesSet& where() const { return where_; }

 private:
  void run();
  void hand_over(const std::vector<Ban>& bans);

  config::NftablesSet where_;
  std::string complained_;  // the thread's
  std::mutex mutex_;        // guards what follows
  std::condition_variable wake_;
  std::optional<std::vector<Ban>> bans_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace switchroom::guard
