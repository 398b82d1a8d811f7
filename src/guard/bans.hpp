// Who has guessed too often, and for how long nobody listens to him.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"
#include "config/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchroom::guard {

/// What is held against an address.
enum class Offence : std::uint8_t {
  wrong_password,  // or an unknown user: the two are told apart by nobody
  old_password,    // right before the last change: a phone that nobody has told; never counted
  scanner,         // a tool for attacks says its name
};
std::string_view describe(Offence offence);

/// An address (IPv4), or a network of 64 bits (IPv6: one host has all of it).
base::IpAddress banned_part(const base::IpAddress& address);

struct Ban {
  base::IpAddress address;  // banned_part()
  base::WallMicros since = 0;
  base::WallMicros until = 0;
  std::uint32_t times = 1;  // how often it was banned lately
  bool by_hand = false;
  std::string why;
};

/// Call thread; no I/O and no clock of its own: time is the wall's, handed in (bans survive a restart). A
/// jump of the clock makes bans end early or late, never for ever: none is longer than max_ban_time from now.
class Bans {
 public:
  explicit Bans(config::SnapshotPtr snapshot) : snapshot_(std::move(snapshot)) {}
  void configure(config::SnapshotPtr snapshot);
  /// Called after each change of the set, by whatever call changed it.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  /// Called with each new ban, before on_change.
  void on_ban(std::function<void(const Ban&)> told) { told_ = std::move(told); }

  [[nodiscard]] bool is_banned(const base::IpAddress& address, base::WallMicros now) const;
  /// Holds something against an address. `proved`: it has shown that the address is its own (a connection, or
  /// a nonce brought back); without that nothing is counted, lest a forged source bans somebody else. Returns
  /// the ban that it led to; what counts as never banned gets none. `user`: whose password it was meant to
  /// be; the ban names those that there are, so that a phone that nobody has told can be found.
  std::optional<Ban> note(Offence offence, const base::IpAddress& address, bool proved, base::WallMicros now,
                          const std::string& user = {});

  /// By hand; takes the place of another. Also for addresses that are never banned by themselves.
  Ban add(const base::IpAddress& address, base::Duration time, std::string why, base::WallMicros now);
  /// Lifts a ban and forgets what was counted. False: there is none.
  bool lift(const base::IpAddress& address);
  std::size_t lift_all();
  /// Takes out those that are over; true if there were any.
  bool expire(base::WallMicros now);

  /// Active ones, the latest first.
  [[nodiscard]] std::vector<Ban> list(base::WallMicros now) const;
  /// All that is to outlive a restart: active bans and those that ended lately (their number counts).
  [[nodiscard]] std::vector<Ban> kept() const;
  void restore(std::vector<Ban> bans, base::WallMicros now);
  /// Addresses by how often they were refused since their ban, most often first: for a filter with little
  /// room.
  [[nodiscard]] std::vector<base::IpAddress> busiest(std::size_t most, base::WallMicros now) const;
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Suspect {
    std::uint32_t failures = 0;
    base::WallMicros first = 0;      // of this window
    std::vector<std::string> users;  // extensions, most_named at most
    bool others = false;             // and there were more
  };
  void note_user(Suspect& suspect, const std::string& user) const;
  struct Known {
    Ban ban;
    mutable std::uint64_t refused = 0;
  };
  [[nodiscard]] bool is_in(const std::string& acl, const base::IpAddress& address) const;
  const Ban& ban(const base::IpAddress& part, std::string why, base::WallMicros now);
  void forget_suspects(base::WallMicros now);
  void changed() const;
  const Ban& put(Ban ban);

  config::SnapshotPtr snapshot_;
  std::function<void()> changed_;
  std::function<void(const Ban&)> told_;
  std::map<base::IpAddress, Known> bans_;  // ended ones stay for a while: who comes back waits longer
  std::map<base::IpAddress, Suspect> suspects_;
  mutable std::uint64_t refused_ = 0;
};

/// So much a second for each address, smoothly, with a burst of one second's worth; addresses are forgotten
/// when their bucket is full again. Bounded: with too many addresses at once the table begins anew. Call
/// thread.
class AddressLimit {
 public:
  /// False: over the limit. `per_second` 0: never.
  bool take(const base::IpAddress& address, std::uint32_t per_second, base::Time now);
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    base::Time last{};
  };
  std::map<base::IpAddress, Bucket> buckets_;
  base::Time swept_{};
};

/// From where somebody has signed in lately. Bounded; call thread.
class Acquaintances {
 public:
  void note(const base::IpAddress& address, base::Time now);
  [[nodiscard]] bool knows(const base::IpAddress& address, base::Time now) const;

 private:
  std::map<base::IpAddress, base::Time> seen_;
};

/// Is this User-Agent one of the tools that scan the internet for exchanges?
bool is_scanner(std::string_view user_agent);

}  // namespace switchroom::guard
