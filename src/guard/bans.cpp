#include "guard/bans.hpp"

#include "guard/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace switchroom::guard {
namespace {

constexpr std::size_t most_bans = 20000;
constexpr std::size_t most_suspects = 50000;
constexpr std::size_t most_buckets = 100000;
constexpr std::int64_t second_us = 1'000'000;
constexpr unsigned most_doublings = 16;
constexpr auto remembered = std::chrono::hours(1);

constexpr std::size_t most_named = 3;

/// " for 1001, 1002 and others", or nothing.
std::string meant(const std::vector<std::string>& users, bool others) {
  if (users.empty()) {
    return {};
  }
  return fmt::format(" for {}{}", fmt::join(users, ", "), others ? " and others" : "");
}

std::int64_t micros(std::chrono::seconds time) { return time.count() * second_us; }

}  // namespace

std::string_view describe(Offence offence) {
  switch (offence) {
    case Offence::wrong_password: return "wrong passwords";
    case Offence::old_password: return "the password from before the last change";
    case Offence::scanner: return "a tool for attacks";
  }
  return "";
}

base::IpAddress banned_part(const base::IpAddress& address) {
  base::IpAddress plain = base::unmapped(address);
  if (plain.is_v4()) {
    return plain;
  }
  auto bytes = plain.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes);
}

void Bans::configure(config::SnapshotPtr snapshot) {
  snapshot_ = std::move(snapshot);
  const auto before = bans_.size();
  std::erase_if(bans_, [&](const auto& one) {
    return !one.second.ban.by_hand &&
           (is_in(snapshot_->bans.never, one.first) || is_in(snapshot_->bans.proxies, one.first));
  });
  if (bans_.size() != before) {
    changed();
  }
}

void Bans::changed() const {
  if (changed_) {
    changed_();
  }
}

bool Bans::is_in(const std::string& acl, const base::IpAddress& address) const {
  if (acl.empty()) {
    return false;
  }
  const auto found = snapshot_->acl.find(acl);
  return found != snapshot_->acl.end() && contains(found->second, address);
}

bool Bans::is_banned(const base::IpAddress& address, base::WallMicros now) const {
  if (bans_.empty()) {
    return false;
  }
  const auto found = bans_.find(banned_part(address));
  if (found == bans_.end() || found->second.ban.until <= now) {
    return false;
  }
  ++found->second.refused;
  ++refused_;
  return true;
}

std::optional<Ban> Bans::note(Offence offence, const base::IpAddress& address, bool proved,
                              base::WallMicros now, const std::string& user) {
  const config::Bans& rules = snapshot_->bans;
  if ((rules.spares_loopback && base::unmapped(address).is_loopback()) || !rules.enabled || !proved ||
      offence == Offence::old_password || is_in(rules.never, address) || is_in(rules.proxies, address)) {
    return std::nullopt;
  }
  const base::IpAddress part = banned_part(address);
  if (const auto known = bans_.find(part); known != bans_.end() && known->second.ban.until > now) {
    return std::nullopt;  // what was on its way when the ban began
  }
  forget_suspects(now);
  Suspect& suspect = suspects_[part];
  if (now - suspect.first > micros(rules.window) || now < suspect.first) {
    suspect = {};
    suspect.first = now;
  }
  note_user(suspect, user);
  suspect.failures += offence == Offence::scanner ? rules.max_failures : 1;
  if (suspect.failures < rules.max_failures) {
    return std::nullopt;
  }
  std::string why = offence == Offence::scanner
                        ? std::string(describe(offence))
                        : fmt::format("{} wrong passwords{} within {} s", suspect.failures,
                                      meant(suspect.users, suspect.others),
                                      std::max<std::int64_t>(1, (now - suspect.first) / second_us));
  suspects_.erase(part);
  return ban(part, std::move(why), now);
}

// Extensions alone: what else stands in credentials is a stranger's text.
void Bans::note_user(Suspect& suspect, const std::string& user) const {
  if (user.empty() || std::ranges::find(suspect.users, user) != suspect.users.end()) {
    return;
  }
  if (snapshot_->extensions.contains(user) && suspect.users.size() < most_named) {
    suspect.users.push_back(user);
  } else {
    suspect.others = true;
  }
}

const Ban& Bans::ban(const base::IpAddress& part, std::string why, base::WallMicros now) {
  if (bans_.size() >= most_bans) {
    (void)expire(now);
    if (bans_.size() >= most_bans) {
      bans_.erase(std::ranges::min_element(bans_, {}, [](const auto& one) { return one.second.ban.until; }));
    }
  }
  const config::Bans& rules = snapshot_->bans;
  const auto known = bans_.find(part);
  const std::uint32_t times = known == bans_.end() ? 1 : known->second.ban.times + 1;
  const auto longer = std::int64_t{1} << std::min<std::uint32_t>(times - 1, most_doublings);
  const auto time = std::min(micros(rules.max_ban_time), micros(rules.ban_time) * longer);
  return put({part, now, now + time, times, false, std::move(why)});
}

const Ban& Bans::put(Ban ban) {
  Known& known = bans_[ban.address];
  known = {std::move(ban), 0};
  if (told_) {
    told_(known.ban);
  }
  changed();
  return known.ban;
}

Ban Bans::add(const base::IpAddress& address, base::Duration time, std::string why, base::WallMicros now) {
  const base::IpAddress part = banned_part(address);
  const auto length = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  suspects_.erase(part);
  return put({part, now, now + length, 1, true, std::move(why)});
}

bool Bans::lift(const base::IpAddress& address) {
  const base::IpAddress part = banned_part(address);
  suspects_.erase(part);
  const bool was = bans_.erase(part) != 0;
  if (was) {
    changed();
  }
  return was;
}

std::size_t Bans::lift_all() {
  const std::size_t count = bans_.size();
  bans_.clear();
  suspects_.clear();
  if (count != 0) {
    changed();
  }
  return count;
}

// A ban that has ended is remembered for as long as it lasted, a day at least: who comes back waits longer.
bool Bans::expire(base::WallMicros now) {
  const auto kept = micros(std::chrono::hours(24));
  bool ended = false;
  for (const auto& [part, known] : bans_) {
    ended = ended || known.ban.until <= now;
  }
  std::erase_if(bans_, [&](const auto& one) {
    const Ban& ban = one.second.ban;
    return ban.until + std::max(kept, ban.until - ban.since) <= now || (ban.by_hand && ban.until <= now);
  });
  return ended;
}

void Bans::forget_suspects(base::WallMicros now) {
  if (suspects_.size() < most_suspects) {
    return;
  }
  std::erase_if(suspects_,
                [&](const auto& one) { return now - one.second.first > micros(snapshot_->bans.window); });
  if (suspects_.size() >= most_suspects) {
    suspects_.clear();
  }
}

std::vector<Ban> Bans::list(base::WallMicros now) const {
  std::vector<Ban> active;
  for (const auto& [part, known] : bans_) {
    if (known.ban.until > now) {
      active.push_back(known.ban);
    }
  }
  std::ranges::sort(active, std::ranges::greater{}, &Ban::since);
  return active;
}

std::vector<Ban> Bans::kept() const {
  std::vector<Ban> all;
  all.reserve(bans_.size());
  for (const auto& [part, known] : bans_) {
    all.push_back(known.ban);
  }
  return all;
}

void Bans::restore(std::vector<Ban> bans, base::WallMicros now) {
  const auto longest = now + micros(snapshot_->bans.max_ban_time);
  for (Ban& ban : bans) {
    if (!ban.by_hand) {
      ban.until = std::min(ban.until, longest);  // the clock was ahead when it was written
    }
    const base::IpAddress part = banned_part(ban.address);
    bans_[part] = {std::move(ban), 0};
  }
  (void)expire(now);
}

std::vector<base::IpAddress> Bans::busiest(std::size_t most, base::WallMicros now) const {
  std::vector<std::pair<std::uint64_t, base::IpAddress>> active;
  for (const auto& [part, known] : bans_) {
    if (known.ban.until > now) {
      active.emplace_back(known.refused, part);
    }
  }
  std::ranges::sort(active, std::ranges::greater{});
  std::vector<base::IpAddress> addresses;
  for (const auto& [refused, part] : active) {
    if (addresses.size() == most) {
      break;
    }
    addresses.push_back(part);
  }
  return addresses;
}

bool AddressLimit::take(const base::IpAddress& address, std::uint32_t per_second, base::Time now) {
  if (per_second == 0) {
    return true;
  }
  if (now - swept_ > std::chrono::seconds(2)) {  // a bucket that nobody used for a second is full
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& one) { return now - one.second.last > std::chrono::seconds(1); });
  }
  if (buckets_.size() >= most_buckets) {
    buckets_.clear();
  }
  const double burst = per_second;
  const auto [at, is_new] = buckets_.try_emplace(banned_part(address), Bucket{burst, now});
  Bucket& bucket = at->second;
  if (now > bucket.last) {
    bucket.tokens =
        std::min(burst, bucket.tokens + std::chrono::duration<double>(now - bucket.last).count() * burst);
    bucket.last = now;
  }
  if (bucket.tokens < 1) {
    return false;
  }
  bucket.tokens -= 1;
  return true;
}

void Acquaintances::note(const base::IpAddress& address, base::Time now) {
  if (seen_.size() >= most_buckets) {
    std::erase_if(seen_, [&](const auto& one) { return now - one.second > remembered; });
    if (seen_.size() >= most_buckets) {
      seen_.clear();
    }
  }
  seen_[banned_part(address)] = now;
}

bool Acquaintances::knows(const base::IpAddress& address, base::Time now) const {
  const auto found = seen_.find(banned_part(address));
  return found != seen_.end() && now - found->second <= remembered;
}

bool is_scanner(std::string_view user_agent) {
  static constexpr std::array<std::string_view, 9> known{"friendly-scanner", "sipvicious",      "sipcli",
                                                         "sundayddr",        "vaxsipuseragent", "iwar",
                                                         "sip-scan",         "siparmyknife",    "pplsip"};
  std::string lowered(user_agent.substr(0, 200));
  std::ranges::transform(lowered, lowered.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(known,
                             [&](std::string_view name) { return lowered.find(name) != std::string::npos; });
}

}  // namespace switchroom::guard
