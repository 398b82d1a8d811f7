#include "sip/trunk/trunks.hpp"

#include "base/log.hpp"
#include "guard/access.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

/// The same account at the same registrar, so that the new line's registration replaces the old one's.
bool same_binding(const config::Trunk& a, const config::Trunk& b) {
  return a.host == b.host && a.port == b.port && a.username == b.username && a.from_user == b.from_user &&
         a.from_domain == b.from_domain && a.profile == b.profile && a.transport == b.transport &&
         *a.registers == *b.registers;
}

/// Does what the carrier was told of us still hold?
bool same_contact(const config::Snapshot& a, const config::Snapshot& b, const std::string& profile) {
  const auto& before = a.profiles.at(profile);
  const auto& after = b.profiles.at(profile);
  return before.listen == after.listen && before.public_address == after.public_address;
}

bool is_listed(const config::Trunk& trunk, const base::IpAddress& address) {
  return std::any_of(trunk.addresses.begin(), trunk.addresses.end(),
                     [&](const config::Network& network) { return guard::contains(network, address); });
}

}  // namespace

Trunks::Trunks(TrunkServices services)
    : services_(std::move(services)), tasks_(services_.context->get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::sip, {}, "a trunk could not be ended: {}", what);
      }) {}

Trunks::~Trunks() = default;

void Trunks::configure(const config::SnapshotPtr& config) {
  std::map<std::string, std::shared_ptr<TrunkLine>, std::less<>> lines;
  for (const auto& [name, trunk] : config->trunks) {
    const auto old = lines_.find(name);
    if (old != lines_.end() && old->second->settings().same_as(trunk)) {
      lines[name] = old->second;
      if (!same_contact(*config_, *config, trunk.profile)) {
        old->second->hurry();
      }
      continue;
    }
    auto line = std::make_shared<TrunkLine>(services_, trunk);
    line->start();
    lines[name] = std::move(line);
  }
  for (auto& [name, line] : lines_) {
    const auto now = lines.find(name);
    if (now != lines.end() && now->second == line) {
      continue;
    }
    const bool replaced = now != lines.end() && same_binding(line->settings(), now->second->settings());
    tasks_.spawn(retire(std::move(line), !replaced));
  }
  lines_ = std::move(lines);
  config_ = config;
}

awaitable<void> Trunks::retire(std::shared_ptr<TrunkLine> line, bool unregister) {
  co_await line->stop(unregister);
}

awaitable<void> Trunks::close() {
  for (auto& [name, line] : std::exchange(lines_, {})) {
    tasks_.spawn(retire(line, true));
  }
  co_await tasks_.join();
}

TrunkLine* Trunks::find(std::string_view name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? nullptr : found->second.get();
}

void Trunks::for_each(const std::function<void(const TrunkLine&)>& visit) const {
  for (const auto& [name, line] : lines_) {
    visit(*line);
  }
}

awaitable<base::result<std::vector<Flow>>> Trunks::ways(std::string name, bool even_if_down) {
  const auto found = lines_.find(name);
  if (found == lines_.end()) {
    co_return base::Error{"there is no such trunk"};
  }
  const auto line = found->second;
  if (const auto trouble = line->trouble(); !trouble.empty() && !even_if_down) {
    co_return base::Error{trouble};
  }
  co_return co_await line->ways();
}

// -- who calls -------------------------------------------------------------------------------------

std::string Trunks::trunk_of(const Message& invite, const Flow& from, const config::Profile& profile) const {
  const TrunkLine* best = nullptr;
  int rank = 0;
  for (const auto& [name, line] : lines_) {
    const auto& trunk = line->settings();
    const bool exact = line->is_at(from.remote) || is_listed(trunk, base::unmapped(from.remote.address));
    if (trunk.profile != profile.name ||
        !(exact || (!profile.auth && line->calls_from(from.remote.address)))) {
      continue;
    }
    // Of two accounts at one carrier the one that was dialled, then the one that is at this very port.
    const bool dialled = !trunk.username.empty() && invite.request_uri.user == trunk.username;
    const int here = 1 + (dialled ? 2 : 0) + (exact ? 1 : 0);
    if (here > rank) {
      rank = here;
      best = line.get();
    }
  }
  return best == nullptr ? std::string() : best->settings().name;
}

void Trunks::note_call(const std::string& trunk) {
  if (TrunkLine* line = find(trunk)) {
    line->count_call(true);
  }
}

bool Trunks::is_trunk(const base::IpAddress& address, std::string_view profile) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& one) {
    return one.second->settings().profile == profile && one.second->calls_from(address);
  });
}

}  // namespace switchroom::sip
