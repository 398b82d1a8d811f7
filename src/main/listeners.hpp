// The sockets that the configuration asks for, kept in step with it by reloads.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "sip/transport/transport.hpp"

#include <map>
#include <string>
#include <utility>

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
    std::string public_address;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  sip::Transports& transports_;
  std::map<Key, sip::ListenerId> open_;
};

}  // namespace switchroom::main
