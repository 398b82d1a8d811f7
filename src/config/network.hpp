// A network in CIDR form.
#pragma once

#include "base/net.hpp"

#include <cstdint>

namespace switchroom::config {

struct Network {
  base::IpAddress address;
  std::uint8_t prefix = 0;
  friend bool operator==(const Network&, const Network&) = default;
};

}  // namespace switchroom::config
