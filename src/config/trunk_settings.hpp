// The outside world: trunks, the numbers that ring here, what people dial to get out, emergency calls.
#pragma once

#include "config/network.hpp"
#include "config/place.hpp"
#include "config/recording_settings.hpp"
#include "config/tolls_settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// A carrier: [trunks.itsp].
struct Trunk {
  std::string name;
  std::string host;        // name or address; of the request's URI, To and (by default) From
  std::uint16_t port = 0;  // 0: DNS says (SRV), else 5060
  std::string proxy;       // where requests are sent instead of `host`, "name" or "name:port"; may be empty
  std::string transport;   // "udp", "tcp", "tls"; empty: DNS says, else UDP
  bool tls_verify = true;  // its certificate must be good and name the host
  std::string srtp;        // empty: the profile's
  std::vector<std::string> srtp_keys;  // empty: the profile's
  std::string username;
  std::string auth_username;  // never empty once loaded, if username is not
  std::string password;
  std::string realm;              // empty: that of the registrar's challenge, or the host
  std::optional<bool> registers;  // set once loaded
  std::chrono::seconds expires{3600};
  std::chrono::seconds retry_min{30};
  std::chrono::seconds retry_max{600};
  std::chrono::seconds ping{0};  // 0: none
  std::uint32_t ping_max = 3;    // misses until it is down
  std::uint32_t ping_min = 1;    // answers until it is up again
  std::vector<std::string> codecs;
  std::string from_user;    // empty: the user name
  std::string from_domain;  // empty: the host
  std::string caller_id = "from";
  std::string profile;             // never empty once loaded
  std::string context;             // likewise
  std::vector<Network> addresses;  // from where it calls, beside those that its host has
  RecordRule record;
  OwnTolls tolls;
  Place place;

  /// All but the place, what is recorded, and who may call what.
  [[nodiscard]] bool same_as(const Trunk& other) const;
};

/// A number that rings here: [[inbound]].
struct InboundRoute {
  Placed did;
  Placed did_pattern;
  Placed to;  // "1001", "5000 default"
  Placed hours;
  Placed else_to;
  std::string caller_id_prefix;
  Placed context;  // empty: where the trunks' calls arrive
  RecordRule record;
  Place place;
};

/// What people dial to get out: [[outbound]].
struct OutboundRoute {
  std::string name;  // never empty once loaded
  Placed dial;
  std::vector<Placed> trunks;
  std::string needs;          // in the caller's toll_allow
  std::vector<Placed> tolls;  // what it allows: see Tolls::allow
  std::string context = "default";
  std::string prefix;
  std::uint32_t strip = 0;
  std::string send;  // "+49$1"; empty: the first capture, or what was dialled
  std::string caller_id;
  bool allow_outside = false;  // may callers from outside use it?
  RecordRule record;
  Place place;
};

/// Numbers that nothing may stand in the way of: [emergency].
struct Emergency {
  std::vector<Placed> numbers;
  std::vector<Placed> trunks;
  std::vector<Placed> notify;  // extensions
  std::string caller_id;
  std::string location;
  Place place;

  [[nodiscard]] bool has(std::string_view number) const;
  /// What goes to the trunk: of "9112" and "112", when both are listed, the shorter.
  [[nodiscard]] std::string sent_for(std::string_view number) const;
};

}  // namespace switchroom::config
