// The whole configuration as one immutable value. A reload makes a new one.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::config {

using Seconds = std::chrono::seconds;

/// Where a value stands in the files: "switchroom.toml:12:5".
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Pbx {
  std::string name = "Switchroom";
  std::string domain;  // the realm; never empty once loaded
  std::filesystem::path data_dir;
  std::string timezone;
  std::uint32_t max_calls = 500;
  std::uint32_t calls_per_second = 50;
};

struct Media {
  std::uint16_t first_port = 16384;
  std::uint16_t last_port = 32768;
  std::string address;  // "": the profile's
  std::string public_address;
};

/// A network in CIDR form, and lists of them.
struct Network {
  base::IpAddress address;
  std::uint8_t prefix = 0;
};
struct Acl {
  std::string name;
  std::vector<Network> allow;
};

struct Profile {
  std::string name;
  std::vector<std::string> listen;  // "udp:0.0.0.0:5060"
  std::string context = "default";
  bool auth = true;
  std::vector<std::string> codecs;  // canonical names, in order
  std::string dtmf = "rfc4733";
  std::string allow;  // ACL names; empty: everyone
  std::string allow_register;
  std::string allow_call;
  std::string public_address;  // SIP
  std::string media_address;   // from [media] where the profile has none
  std::string media_public_address;
  std::vector<std::string> digest;  // "MD5", "SHA-256", in order
  Seconds session_timeout{1800};
  Seconds min_session_timeout{90};  // Min-SE
  Seconds rtp_timeout{300};
  Seconds rtp_hold_timeout{1800};
  Seconds min_expires{60};  // registrations
  Seconds max_expires{3600};
  Seconds keepalive{25};  // 0: none
  std::string caller_identity =
      "hide";  // P-Asserted-Identity and Diversion to the other leg: "pass" or "hide"
};

struct Extension {
  std::string number;
  std::string name;
  std::string password;  // after password_file / env: were read
  std::vector<std::string> groups;
  std::string caller_id;
  std::vector<std::string> toll_allow;
  std::string context;  // empty: the profile's
  std::string accountcode;
  /// What its calls begin with: the table `variables`, and callgroup, outbound_caller_id_number, toll_allow
  /// and accountcode from the keys above where they are set.
  std::map<std::string, std::string> variables;
};

/// One application of `do`, as written: "bridge user/$1".
struct Action {
  std::string application;
  std::string argument;
  Place place;
};
struct Condition {
  std::string field;    // "destination_number", "caller_id_number", "${var}" …
  std::string pattern;  // PCRE2
  Place place;
};
struct ContextEntry {
  std::string name;
  std::vector<Condition> when;
  std::vector<Action> actions;
  bool continue_after = false;
  Place place;
};

struct Cdr {
  std::string csv = "cdr/Master.csv";  // under data_dir; empty: none
  std::string sqlite = "cdr.db";
};

struct Control {
  std::filesystem::path socket;
};

struct Log {
  std::string level = "info";
  std::map<std::string, std::string> levels;  // by subsystem
  std::string file;                           // empty: console
  std::uint64_t max_size = 10U << 20U;
  std::uint32_t keep = 5;
};

struct Snapshot {
  std::filesystem::path file;
  Pbx pbx;
  std::map<std::string, std::string> vars;
  Media media;
  std::map<std::string, Profile> profiles;
  std::map<std::string, Acl> acl;
  std::map<std::string, Extension> extensions;
  std::map<std::string, std::vector<ContextEntry>> contexts;
  Cdr cdr;
  Control control;
  Log log;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;  // shared: live calls keep the one they began with

}  // namespace switchroom::config
