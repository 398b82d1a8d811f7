// In which order the targets of an SRV set are tried. RFC 2782. Pure but for the dice.
#pragma once

#include "sip/transport/dns_client.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace switchroom::sip {

/// Lowest priority first; inside one, each next is drawn with a chance in proportion to its weight.
/// `draw(n)` is uniform in [0, n), n > 0.
std::vector<SrvRecord> srv_order(std::vector<SrvRecord> records,
                                 const std::function<std::uint32_t(std::uint32_t)>& draw);

}  // namespace switchroom::sip
