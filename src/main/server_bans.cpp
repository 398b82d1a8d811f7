// Server: who is banned is kept, shut out by the socket filter, and handed to nftables.
#include "main/server.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::main {

void Server::open_bans() {
  ban_file_ = std::make_unique<guard::BanFile>(config().pbx.data_dir / "bans");
  bans_.restore(ban_file_->load(), base::wall_now());
  bans_.on_ban([this](const guard::Ban& ban) {
    events_.publish("ban.add", {{"address", ban.address.to_string()},
                                {"seconds", std::to_string((ban.until - ban.since) / 1'000'000)},
                                {"why", ban.why}});
  });
  bans_.on_change([this] {
    ban_file_->put(bans_.kept());
    // By another turn: the connection that is to be closed may be the one that is being read.
    timers_.cancel(ban_timer_);
    ban_timer_ = timers_.after(base::Duration::zero(), [this] { shut_out_banned(); });
  });
  shut_out_banned();
}

// The filter holds those that are banned now, until the next of them is to be heard again.
void Server::shut_out_banned() {
  const auto now = base::wall_now();
  const auto active = bans_.list(now);
  transports_->shut_out(bans_.busiest(guard::filter_room, now));
  hand_over(active);
  timers_.cancel(ban_timer_);
  ban_timer_ = 0;
  if (active.empty()) {
    return;
  }
  const auto first = std::ranges::min_element(active, {}, &guard::Ban::until)->until;
  const auto wait = std::clamp<std::int64_t>(first - now, 1'000'000, 3'600'000'000);
  ban_timer_ = timers_.after(std::chrono::microseconds(wait), [this] {
    if (bans_.expire(base::wall_now())) {
      ban_file_->put(bans_.kept());
    }
    shut_out_banned();
  });
}

void Server::hand_over(const std::vector<guard::Ban>& active) {
  const auto set = config::parse_nftables(config().bans.nftables);
  if (nftables_ != nullptr && (!set || nftables_->where() != *set)) {
    nftables_.reset();  // which empties it
  }
  if (nftables_ == nullptr && set) {
    nftables_ = std::make_unique<guard::Nftables>(*set);
  }
  if (nftables_ != nullptr) {
    nftables_->put(active);
  }
}

}  // namespace switchroom::main
