// The one table of keys: it loads the file, checks it, finds the unknown, and writes the reference.
#pragma once

#include "config/document.hpp"
#include "config/snapshot.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// How a value is written.
enum class Type : std::uint8_t {
  text,      // allowed: the longest, "64"
  texts,     // a list of text
  lines,     // text that may have line breaks, also written as \n; allowed: the longest
  duration,  // "30m"; allowed: "1s..24h"
  integer,   // allowed: "1..100000"
  boolean,
  size,         // "10M"; allowed: "64K..1G"
  ports,        // "16384-32768"
  address,      // an IP address, or "" for none
  host,         // a name or an address, or ""
  networks,     // a list of "10.0.0.0/8"
  listeners,    // a list of "udp:0.0.0.0:5060"
  word,         // allowed: "a|b|!c"; a word behind ! belongs to a later version
  words,        // a list of such, none twice
  path,         // a file or folder
  secret,       // a password, or "env:NAME"; never shown
  secret_file,  // a file whose first line is a password
  zone,         // a name of the time zone database
  actions,      // the lines of `do`
};

/// A text of a list, and where it stands.
struct Item {
  std::string text;
  Place place;
};

/// A value as its type has it.
struct Value {
  std::string text;         // text, address, word, path, secret …
  std::vector<Item> items;  // texts, words, listeners, actions
  std::int64_t number = 0;  // integer; bytes of a size; seconds of a duration
  bool flag = false;
  std::uint16_t first = 0;  // ports
  std::uint16_t last = 0;
  std::vector<Network> networks;
  Place place;
};

/// What a setter fills, and what the stars of its path stand for.
struct Target {
  Snapshot& snapshot;
  std::vector<std::string> names;

  [[nodiscard]] Profile& profile() const { return snapshot.profiles[names.at(0)]; }
  [[nodiscard]] Extension& extension() const { return snapshot.extensions[names.at(0)]; }
  [[nodiscard]] ContextEntry& entry() const { return snapshot.contexts[names.at(0)].back(); }
  [[nodiscard]] Case& one_case() const { return entry().cases.back(); }
  [[nodiscard]] Case& inner_case() const { return one_case().cases.back(); }
  [[nodiscard]] Menu& menu() const { return snapshot.menus[names.at(0)]; }
  [[nodiscard]] RingGroup& ring_group() const { return snapshot.ring_groups[names.at(0)]; }
  [[nodiscard]] Trunk& trunk() const { return snapshot.trunks[names.at(0)]; }
  [[nodiscard]] InboundRoute& inbound() const { return snapshot.inbound.back(); }
  [[nodiscard]] OutboundRoute& outbound() const { return snapshot.outbound.back(); }
  [[nodiscard]] MailboxSettings& mailbox() const { return snapshot.voicemail.mailboxes[names.at(0)]; }
  [[nodiscard]] Conference& conference() const { return snapshot.conferences[names.at(0)]; }
  [[nodiscard]] ConferenceControls& controls() const { return snapshot.conference_controls[names.at(0)]; }
  [[nodiscard]] Hours& hours() const { return snapshot.hours[names.at(0)]; }
};

using Setter = void (*)(const Target& target, Value& value);

struct Key {
  std::string_view path;  // "profiles.*.listen"; a star is any name
  Type type;
  std::string_view fallback;  // the default, as written (lists with commas); empty: none
  std::string_view allowed;   // see Type
  std::string_view about;     // one sentence for the reference
  Setter set;                 // null: not in this version
};

/// A table of the file: "profiles.*". `repeated` ones are [[…]].
struct Section {
  std::string_view path;
  bool repeated;
  std::string_view about;
};

std::span<const Key> keys();
std::span<const Section> sections();

/// Exact first, then by a star. Null when there is none.
const Key* find_key(std::string_view parent, std::string_view name);
const Section* find_section(std::string_view parent, std::string_view name);
/// The names that may stand in the table `parent`, for "did you mean".
std::vector<std::string> names_in(std::string_view parent);

/// "profiles.*" and "listen" to "profiles.*.listen".
std::string join(std::string_view parent, std::string_view name);

}  // namespace switchroom::config
