// [bans] and [limits]: who is shut out, and how much one address may ask for.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::config {

/// When an address is shut out, and for how long.
struct Bans {
  bool enabled = true;
  bool spares_loopback = false;    // nobody wrote [bans]: this machine's own programs are left alone
  std::uint32_t max_failures = 5;  // within `window`
  std::chrono::seconds window{300};
  std::chrono::seconds ban_time{3600};  // the first; each further one takes twice as long
  std::chrono::seconds max_ban_time{7 * 24 * 3600};
  std::string never;    // access list: these are never banned
  std::string proxies;  // access list: what comes through these is held against whom they name
  std::string
      nftables;  // "inet filter switchroom": family, table and set that the bans are handed to; or empty
};

/// Where banned addresses are handed to as well.
struct NftablesSet {
  std::string family;  // "inet", "ip", "ip6"
  std::string table;
  std::string set;  // of IPv4 addresses; that of IPv6 networks has a 6 behind it
  friend bool operator==(const NftablesSet&, const NftablesSet&) = default;
};
/// "inet filter switchroom"; the error says how it is written.
base::result<NftablesSet> parse_nftables(std::string_view text);

/// How much one address, and all together, may ask for. 0: no limit of its own.
struct Limits {
  std::uint32_t requests_per_stranger = 100;  // a second, from an address where nobody has signed in lately
  std::uint32_t registrations_per_second = 2000;  // in all
  std::uint32_t calls_per_address = 0;            // INVITEs a second
  std::uint32_t connections = 10000;
  std::uint32_t connections_per_address = 200;
  std::uint32_t handshakes_per_address = 100;    // TLS, not done yet
  std::uint32_t messages_per_connection = 1000;  // a second; further ones are read later
};

}  // namespace switchroom::config
