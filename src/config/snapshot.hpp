// The whole configuration as one immutable value. A reload makes a new one.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"
#include "config/bans_settings.hpp"
#include "config/conference_settings.hpp"
#include "config/encryption_settings.hpp"
#include "config/mail_settings.hpp"
#include "config/network.hpp"
#include "config/parking_settings.hpp"
#include "config/place.hpp"
#include "config/prompts_settings.hpp"
#include "config/recording_settings.hpp"
#include "config/sounds_settings.hpp"
#include "config/tolls_settings.hpp"
#include "config/trunk_settings.hpp"
#include "config/voicemail_settings.hpp"

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
using Millis = std::chrono::milliseconds;

struct Pbx {
  std::string name = "Switchroom";
  std::string domain;  // the realm; never empty once loaded
  std::filesystem::path data_dir;
  std::string user;   // whom root becomes; empty: nobody else
  std::string group;  // empty: the user's own
  std::string timezone;
  std::string language = "en";
  std::string country = "us";  // whose tones are heard, and whose numbers trunks take
  std::uint32_t max_calls = 500;
  std::uint32_t calls_per_second = 50;
};

struct Media {
  std::uint16_t first_port = 16384;
  std::uint16_t last_port = 32768;
  std::string address;  // "": the profile's
  std::string public_address;
  std::filesystem::path sounds;
};

/// A list of networks.
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
  std::string hold_music = "default";
  int gain_in = 0;  // dB
  int gain_out = 0;
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
  RecordRule record;
  SoundEncryption encryption;
  Identity tls_identity;
};

struct Extension {
  std::string number;
  std::string name;
  std::string password;  // after password_file / env: were read
  std::vector<std::string> groups;
  std::string caller_id;
  std::string caller_id_name;
  std::vector<std::string> toll_allow;
  OwnTolls tolls;
  std::string context;  // empty: the profile's
  std::string accountcode;
  RecordRule record;
  std::vector<std::string> may_supervise;  // numbers, groups, or "*"
  bool listed = true;                      // in the directory
  std::string srtp;                        // empty: the profile's
  std::vector<std::string> srtp_keys;      // empty: the profile's
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
/// One of several that are decided between when their entry, or the case around them, has matched.
struct Case {
  std::vector<Condition> when;
  std::vector<Action> actions;
  std::vector<Action> otherwise;  // `else`
  Place place;
  std::vector<Condition> any = {};  // one of them must match, if there are some
  std::vector<Case> cases = {};
};
struct ContextEntry {
  std::string name;
  std::vector<Condition> when;
  std::vector<Condition> any;  // one of them must match, if there are some
  std::vector<Action> actions;
  std::vector<Action> otherwise;  // `else`: all but the conditions on time match
  std::vector<Case> cases;        // the first that matches
  bool continue_after = false;
  Place place;
};

/// When somebody is there: [hours.business]. Texts as written; the dialplan reads them.
struct Hours {
  std::string days;
  std::string time;
  std::string months;
  std::vector<std::string> dates;   // none: every day; a name that ends with .ics is a calendar's file
  std::vector<std::string> except;  // likewise
  Place place;
};

/// A voice menu: [menus.main]. Sounds and actions as written.
struct Menu {
  std::string name;
  std::string number;  // that reaches it, beside its name; may be empty
  std::string context = "default";
  std::string greeting;
  std::string short_greeting;  // when it is heard again; empty: the greeting
  std::string invalid;
  std::string goodbye;
  Millis timeout{10000};
  Millis digit_timeout{2000};
  std::uint32_t tries = 3;     // wrong entries
  std::uint32_t timeouts = 3;  // times without any
  std::uint32_t digits = 1;
  std::string confirm;      // sound after an entry, which then waits for confirm_key; may be empty
  std::string confirm_key;  // empty: no entry is confirmed
  std::uint32_t confirm_tries = 3;
  std::string then;  // what runs when tries or timeouts are used up; empty: the call ends
  /// Keys ("1", "*", "10"), or a pattern ('^(10\d\d)$'), and what they do.
  struct Entry {
    std::string keys;
    Action action;
  };
  std::vector<Entry> entries;
  Place place;
};

/// Several phones under one number: [ring_groups.sales].
struct RingGroup {
  std::string name;
  std::string number;
  std::string context = "default";
  std::vector<std::string> members;
  std::string strategy = "simultaneous";
  Seconds timeout{25};  // each round
  std::string prefix;   // before the caller's name
  std::string then;     // what runs when nobody answers; empty: the caller hears why
  RecordRule record;
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
  Tls tls;
  std::map<std::string, Profile> profiles;
  std::map<std::string, Acl> acl;
  std::map<std::string, Extension> extensions;
  std::map<std::string, Hours> hours;
  std::map<std::string, Menu> menus;
  std::map<std::string, RingGroup> ring_groups;
  Parking parking;
  Prompts prompts;
  Conferences conferences;
  ConferenceControlGroups conference_controls;
  Speech speech;
  std::map<std::string, Music> music;
  std::map<std::string, std::vector<ContextEntry>> contexts;
  Bans bans;
  Limits limits;
  std::map<std::string, Trunk> trunks;
  /// The profile that each trunk uses, with the trunk's own codecs.
  std::map<std::string, Profile> trunk_profiles;
  std::vector<InboundRoute> inbound;
  std::vector<OutboundRoute> outbound;
  Emergency emergency;
  Tolls tolls;
  Voicemail voicemail;
  Mail mail;
  Cdr cdr;
  Recording recording;
  Control control;
  Log log;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;  // shared: live calls keep the one they began with

}  // namespace switchroom::config
