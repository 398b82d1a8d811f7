// The notations of single values: "30m", "10M", "16384-32768", "10.0.0.0/8", "udp:[::]:5060". Pure.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace switchroom::config {

/// "250ms", "25s", "30m", "1h", "90d". At most ten years.
base::result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest of those notations: "30m", "90s".
std::string duration_text(std::chrono::milliseconds duration);

/// "65536", "64K", "10M", "2G" (powers of 1024) in bytes.
base::result<std::uint64_t> parse_size(std::string_view text);

/// "16384-32768": both ends inclusive, the first even, 1024 or higher.
base::result<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text);

/// "10.0.0.0/8", "fd00::/8", or an address alone. Bits behind the prefix are an error that names the
/// network that was probably meant.
base::result<Network> parse_network(std::string_view text);
std::string network_text(const Network& network);

/// "udp:0.0.0.0:5060", "tcp:[::]:5060".
struct Listener {
  std::string transport;  // "udp" or "tcp"
  base::Endpoint endpoint;
};
base::result<Listener> parse_listener(std::string_view text);

/// A name or an address as a realm and a SIP host may have it.
bool is_host(std::string_view text);
/// Whole decimal number that fits; no sign, no space.
bool parse_number(std::string_view text, std::uint64_t& number);

}  // namespace switchroom::config
