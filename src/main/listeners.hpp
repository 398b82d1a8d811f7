// The sockets that the configuration asks for, kept in step with it by reloads.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "sip/transport/transport.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::main {

class Listeners {
 public:
  explicit Listeners(sip::Transports& transports) : transports_(transports) {}

  /// Opens what is new and closes what is gone; what stays is not touched. When one cannot be opened
  /// those that this call opened are closed again and nothing has changed.
  base::result<void> configure(const config::Snapshot& config);

 private:
  struct Key {
    std::string profile;
    std::string listen;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  base::result<void> open(const Key& key, const base::IpAddress& public_address);
  void close(const Key& key);
  void undo(const std::vector<Key>& opened, const std::vector<Key>& closed);

  sip::Transports& transports_;
  std::map<Key, sip::ListenerId> open_;
  std::map<Key, base::IpAddress> public_;  // as it was configured last
};

}  // namespace switchroom::main
