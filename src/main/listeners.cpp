#include "main/listeners.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace switchroom::main {
namespace {

base::IpAddress public_address(const config::Snapshot& config, const std::string& profile) {
  error_code ec;
  const auto address = asio::ip::make_address(config.profiles.at(profile).public_address, ec);
  return ec ? base::IpAddress() : address;
}

/// The same kind and port: one may be every address and the other a single one.
bool may_collide(std::string_view a, std::string_view b) {
  return a.substr(0, a.find(':')) == b.substr(0, b.find(':')) &&
         a.substr(a.rfind(':')) == b.substr(b.rfind(':'));
}

}  // namespace

base::result<void> Listeners::open(const Key& key, const base::IpAddress& public_address) {
  const auto id = transports_.listen(key.listen, key.profile, public_address);
  if (!id) {
    return id.error();
  }
  open_[key] = *id;
  return {};
}

void Listeners::close(const Key& key) {
  transports_.close(open_.at(key));
  open_.erase(key);
}

// First what is new, so that a port that is taken leaves every connection as it was; then what takes the
// place of a socket that must be closed for it.
base::result<void> Listeners::configure(const config::Snapshot& config) {
  std::set<Key> wanted;
  for (const auto& [name, profile] : config.profiles) {
    for (const auto& listen : profile.listen) {
      wanted.insert({name, listen});
    }
  }
  std::vector<Key> gone;
  for (const auto& [key, id] : open_) {
    if (!wanted.contains(key)) {
      gone.push_back(key);
    }
  }
  const auto moves = [&](const Key& key) {
    return std::any_of(gone.begin(), gone.end(),
                       [&](const Key& old) { return may_collide(old.listen, key.listen); });
  };
  std::vector<Key> opened;
  for (const bool moving : {false, true}) {
    if (moving) {
      std::for_each(gone.begin(), gone.end(), [this](const Key& key) { close(key); });
    }
    for (const auto& key : wanted) {
      if (open_.contains(key) || moves(key) != moving) {
        continue;
      }
      if (auto done = open(key, public_address(config, key.profile)); !done) {
        undo(opened, moving ? gone : std::vector<Key>());
        return done;
      }
      opened.push_back(key);
    }
  }
  for (const auto& [key, id] : open_) {
    transports_.advertise(id, public_address(config, key.profile));
    public_[key] = public_address(config, key.profile);
  }
  return {};
}

void Listeners::undo(const std::vector<Key>& opened, const std::vector<Key>& closed) {
  std::for_each(opened.begin(), opened.end(), [this](const Key& key) { close(key); });
  for (const auto& key : closed) {
    (void)open(key, public_[key]);  // it was open a moment ago; the log says when it no longer can be
  }
}

}  // namespace switchroom::main
