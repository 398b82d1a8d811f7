#include "main/listeners.hpp"

#include <set>
#include <vector>

namespace switchroom::main {

base::result<void> Listeners::configure(const config::Snapshot& config) {
  std::set<Key> wanted;
  for (const auto& [name, profile] : config.profiles) {
    for (const auto& listen : profile.listen) {
      wanted.insert({name, listen, profile.public_address});
    }
  }
  // A socket whose profile or public address changed must be closed before it can be opened anew.
  std::vector<Key> closed;
  for (const auto& [key, id] : open_) {
    if (!wanted.contains(key)) {
      transports_.close(id);
      closed.push_back(key);
    }
  }
  for (const auto& key : closed) {
    open_.erase(key);
  }
  std::vector<Key> opened;
  const auto open = [this](const Key& key) {
    error_code ec;
    const auto public_address = asio::ip::make_address(key.public_address, ec);
    return transports_.listen(key.listen, key.profile, ec ? base::IpAddress() : public_address);
  };
  for (const auto& key : wanted) {
    if (open_.contains(key)) {
      continue;
    }
    const auto id = open(key);
    if (!id) {
      for (const auto& undo : opened) {
        transports_.close(open_.at(undo));
        open_.erase(undo);
      }
      for (const auto& again : closed) {
        if (const auto restored = open(again)) {
          open_[again] = *restored;
        }
      }
      return id.error();
    }
    open_[key] = *id;
    opened.push_back(key);
  }
  return {};
}

}  // namespace switchroom::main
