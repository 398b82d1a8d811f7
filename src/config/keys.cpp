#include "config/keys.hpp"

#include <algorithm>
#include <array>

namespace switchroom::config {
namespace {

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> out;
  out.reserve(value.items.size());
  for (const Item& item : value.items) {
    out.push_back(item.text);
  }
  return out;
}

/// "bridge user/$1" to application and argument.
Action action(const Item& item) {
  const std::size_t begin = item.text.find_first_not_of(" \t");
  const std::size_t end = std::min(item.text.find_first_of(" \t", begin), item.text.size());
  const std::size_t rest = std::min(item.text.find_first_not_of(" \t", end), item.text.size());
  const std::size_t last = item.text.find_last_not_of(" \t");
  Action parsed{"", "", item.place};
  if (begin != std::string::npos) {
    parsed.application = item.text.substr(begin, end - begin);
    parsed.argument = rest < item.text.size() ? item.text.substr(rest, last + 1 - rest) : "";
  }
  return parsed;
}

constexpr std::array section_table{
    Section{"pbx", false, "The exchange as a whole."},
    Section{"vars", false,
            "Names for values that stand in several places: `$${name}` anywhere below is replaced when the "
            "file is read. A variable may use others."},
    Section{"media", false, "Where sound goes, for all profiles."},
    Section{"profiles", false, ""},
    Section{"profiles.*", false,
            "Where SIP arrives: `[profiles.internal]`. At least one. Each has its own listeners, dialplan "
            "context and rules."},
    Section{"acl", false,
            "Access lists by name, for `allow`, `allow_register` and `allow_call` of profiles."},
    Section{"extensions", false, ""},
    Section{"extensions.*", false,
            "People: `[extensions.1001]`. The number is the user name that the phone registers with."},
    Section{"extensions.*.variables", false, "Variables that each call from this extension begins with."},
    Section{"contexts", false, ""},
    Section{"contexts.*", true,
            "The dialplan: `[[contexts.default]]`, read top to bottom. The first entry whose `when` matches "
            "runs, unless it says `continue = true`. `$1` is the first capture of its patterns."},
    Section{"contexts.*.when", false, "All of it must match. An entry without `when` matches every call."},
    Section{"cdr", false, "One record for each call."},
    Section{"control", false, "How `pbxctl` reaches the server."},
    Section{"log", false, "What is written about events."},
    Section{"log.levels", false, "A level of its own for a subsystem: `levels = { sip = \"debug\" }`."},
};

constexpr std::string_view levels = "trace|debug|info|warning|error|off";

/// In the order of the reference. Rows without a setter are refused with "not in this version".
constexpr std::array key_table{
    Key{"pbx.name", Type::text, "Switchroom", "64", "What the exchange is called.",
        [](const Target& t, Value& v) { t.snapshot.pbx.name = v.text; }},
    Key{"pbx.domain", Type::host, "", "",
        "The SIP realm, which phones hash into their passwords. Default: this machine's address.",
        [](const Target& t, Value& v) { t.snapshot.pbx.domain = v.text; }},
    Key{"pbx.data_dir", Type::path, "/var/lib/switchroom", "",
        "Where databases and records are kept; a relative path is seen from the file's folder.",
        [](const Target& t, Value& v) { t.snapshot.pbx.data_dir = v.text; }},
    Key{"pbx.timezone", Type::zone, "", "",
        "The zone of the stamps in logs and records, as in `Europe/Berlin`; it needs the system's zone data "
        "and takes effect at a start. Default: the system's zone.",
        [](const Target& t, Value& v) { t.snapshot.pbx.timezone = v.text; }},
    Key{"pbx.max_calls", Type::integer, "500", "1..100000",
        "Calls at the same time; further ones are refused with 503.",
        [](const Target& t, Value& v) { t.snapshot.pbx.max_calls = static_cast<std::uint32_t>(v.number); }},
    Key{"pbx.calls_per_second", Type::integer, "50", "1..100000",
        "New calls in a second; further ones are refused with 503.",
        [](const Target& t, Value& v) {
          t.snapshot.pbx.calls_per_second = static_cast<std::uint32_t>(v.number);
        }},
    Key{"pbx.include", Type::texts, "", "",
        "More files, read as if they stood here, seen from this file's folder; the last part may have `*` "
        "and `?`. Up to 8 deep. A key may be set in one file only.",
        [](const Target&, Value&) {}},  // the files are read before the keys are
    Key{"vars.*", Type::text, "", "4096", "A text; `$${name}` stands for it.",
        [](const Target&, Value&) {}},  // read first of all

    Key{"media.ports", Type::ports, "16384-32768", "",
        "UDP ports for RTP (even) and RTCP (the next). A call takes four; with none left a call is refused "
        "with 503.",
        [](const Target& t, Value& v) {
          t.snapshot.media.first_port = v.first;
          t.snapshot.media.last_port = v.last;
        }},
    Key{"media.address", Type::address, "", "",
        "The address that sound is received on. Default: the profile's.",
        [](const Target& t, Value& v) { t.snapshot.media.address = v.text; }},
    Key{"media.public_address", Type::address, "", "",
        "The address that SDP shows for sound, if another one (behind NAT). Default: the profile's "
        "`public_address`.",
        [](const Target& t, Value& v) { t.snapshot.media.public_address = v.text; }},

    Key{"profiles.*.listen", Type::listeners, "", "",
        "Required: any number of `udp:ADDRESS:PORT` and `tcp:ADDRESS:PORT`, IPv4 or `[IPv6]`; `tls:`, `ws:` "
        "and `wss:` are not in this version.",
        [](const Target& t, Value& v) { t.profile().listen = texts(v); }},
    Key{"profiles.*.context", Type::text, "default", "64", "The dialplan context that its calls enter.",
        [](const Target& t, Value& v) { t.profile().context = v.text; }},
    Key{"profiles.*.auth", Type::boolean, "true", "",
        "Challenge every INVITE and REGISTER for a password. Without it, let `allow` say who may call.",
        [](const Target& t, Value& v) { t.profile().auth = v.flag; }},
    Key{"profiles.*.codecs", Type::words, "opus, G722, PCMU, PCMA", "opus|G722|PCMU|PCMA",
        "Codecs in order of preference.", [](const Target& t, Value& v) { t.profile().codecs = texts(v); }},
    Key{"profiles.*.dtmf", Type::word, "rfc4733", "rfc4733|!info|!inband", "How key presses travel.",
        [](const Target& t, Value& v) { t.profile().dtmf = v.text; }},
    Key{"profiles.*.srtp", Type::word, "forbidden", "forbidden|!optional|!mandatory", "Encrypted sound.",
        [](const Target&, Value&) {}},  // the one accepted word is what is done anyway
    Key{"profiles.*.allow", Type::text, "", "64",
        "Who may send anything at all: the name of an access list. Default: everyone.",
        [](const Target& t, Value& v) { t.profile().allow = v.text; }},
    Key{"profiles.*.allow_register", Type::text, "", "64",
        "Who may register, if fewer: the name of an access list.",
        [](const Target& t, Value& v) { t.profile().allow_register = v.text; }},
    Key{"profiles.*.allow_call", Type::text, "", "64", "Who may call, if fewer: the name of an access list.",
        [](const Target& t, Value& v) { t.profile().allow_call = v.text; }},
    Key{"profiles.*.public_address", Type::address, "", "",
        "The address behind which this machine stands (NAT): it goes into Contact and SDP.",
        [](const Target& t, Value& v) { t.profile().public_address = v.text; }},
    Key{"profiles.*.media_address", Type::address, "", "",
        "The address that sound is received on. Default: `[media] address`, then the address of `listen`.",
        [](const Target& t, Value& v) { t.profile().media_address = v.text; }},
    Key{"profiles.*.media_public_address", Type::address, "", "",
        "The address that SDP shows for sound. Default: `[media] public_address`, then `public_address`.",
        [](const Target& t, Value& v) { t.profile().media_public_address = v.text; }},
    Key{"profiles.*.digest", Type::words, "MD5", "MD5|SHA-256",
        "Digest algorithms that are offered, in order. Nearly every phone knows MD5 alone.",
        [](const Target& t, Value& v) { t.profile().digest = texts(v); }},
    Key{"profiles.*.session_timeout", Type::duration, "30m", "90s..24h",
        "Session timer (RFC 4028): a call is refreshed at half of it, and ends without a refresh.",
        [](const Target& t, Value& v) { t.profile().session_timeout = Seconds(v.number); }},
    Key{"profiles.*.min_session_timeout", Type::duration, "90s", "90s..24h",
        "The shortest session timer that is accepted (Min-SE); shorter ones are answered with 422.",
        [](const Target& t, Value& v) { t.profile().min_session_timeout = Seconds(v.number); }},
    Key{"profiles.*.rtp_timeout", Type::duration, "5m", "1s..24h", "No sound for so long ends the call.",
        [](const Target& t, Value& v) { t.profile().rtp_timeout = Seconds(v.number); }},
    Key{"profiles.*.rtp_hold_timeout", Type::duration, "30m", "1s..24h",
        "The same while the call is on hold.",
        [](const Target& t, Value& v) { t.profile().rtp_hold_timeout = Seconds(v.number); }},
    Key{"profiles.*.min_expires", Type::duration, "60s", "1s..7d",
        "The shortest registration; shorter wishes are answered with 423.",
        [](const Target& t, Value& v) { t.profile().min_expires = Seconds(v.number); }},
    Key{"profiles.*.max_expires", Type::duration, "1h", "1s..7d",
        "The longest registration; longer wishes are cut to it.",
        [](const Target& t, Value& v) { t.profile().max_expires = Seconds(v.number); }},
    Key{"profiles.*.keepalive", Type::duration, "25s", "0s..1h",
        "How often a phone that registered from behind NAT, or by TCP, is sent a line end, which keeps the "
        "way "
        "to it open; \"0s\" never.",
        [](const Target& t, Value& v) { t.profile().keepalive = Seconds(v.number); }},
    Key{"profiles.*.caller_identity", Type::word, "hide", "pass|hide",
        "P-Asserted-Identity and Diversion of the other leg: passed on to this profile's peers, or hidden "
        "from them.",
        [](const Target& t, Value& v) { t.profile().caller_identity = v.text; }},
    Key{"profiles.*.hold_music", Type::text, "", "", "What a held caller hears.", nullptr},

    Key{"acl.*", Type::networks, "", "",
        "Networks and addresses, IPv4 and IPv6: `[\"10.0.0.0/8\", \"fd00::/8\"]`.",
        [](const Target& t, Value& v) {
          t.snapshot.acl[t.names.at(0)] = Acl{t.names.at(0), std::move(v.networks)};
        }},

    Key{"extensions.*.name", Type::text, "", "64", "The name that others see.",
        [](const Target& t, Value& v) { t.extension().name = v.text; }},
    Key{"extensions.*.password", Type::secret, "", "",
        "The phone's password, or `env:NAME` for an environment variable's. Weak ones are refused.",
        [](const Target& t, Value& v) { t.extension().password = v.text; }},
    Key{"extensions.*.password_file", Type::secret_file, "", "",
        "Instead of `password`: a file whose first line is the password, seen from this file's folder.",
        [](const Target& t, Value& v) { t.extension().password = v.text; }},
    Key{"extensions.*.groups", Type::texts, "", "",
        "Departments; the dialplan sees them as the variable `callgroup`, joined by commas.",
        [](const Target& t, Value& v) { t.extension().groups = texts(v); }},
    Key{"extensions.*.caller_id", Type::text, "", "64",
        "The number shown to the outside world: the variable `outbound_caller_id_number`.",
        [](const Target& t, Value& v) { t.extension().caller_id = v.text; }},
    Key{"extensions.*.toll_allow", Type::texts, "", "",
        "What this extension may dial: the variable `toll_allow`, joined by commas, for the dialplan's "
        "conditions.",
        [](const Target& t, Value& v) { t.extension().toll_allow = texts(v); }},
    Key{"extensions.*.context", Type::text, "", "64",
        "The dialplan context that this phone's calls enter. Default: the profile's.",
        [](const Target& t, Value& v) { t.extension().context = v.text; }},
    Key{"extensions.*.accountcode", Type::text, "", "64",
        "Whom calls are charged to: a variable, and a column of the call's record.",
        [](const Target& t, Value& v) { t.extension().accountcode = v.text; }},
    Key{"extensions.*.variables.*", Type::text, "", "4096", "The variable's value.",
        [](const Target& t, Value& v) { t.extension().variables[t.names.at(1)] = v.text; }},
    Key{"extensions.*.voicemail", Type::text, "", "", "A mailbox.", nullptr},

    Key{"contexts.*.name", Type::text, "", "64", "What the entry is called in the log.",
        [](const Target& t, Value& v) { t.entry().name = v.text; }},
    Key{"contexts.*.when.hours", Type::text, "", "", "Opening hours.", nullptr},
    Key{"contexts.*.when.time_of_day", Type::text, "", "", "A time of day.", nullptr},
    Key{"contexts.*.when.days", Type::text, "", "", "Days of the week.", nullptr},
    Key{"contexts.*.when.dates", Type::text, "", "", "Dates.", nullptr},
    Key{"contexts.*.when.*", Type::text, "", "4096",
        "A field (`destination_number`, `caller_id_number`, …) or a variable (`\"${toll_allow}\"`) and the "
        "PCRE2 pattern that it must match.",
        [](const Target& t, Value& v) { t.entry().when.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.do", Type::actions, "", "",
        "Applications with their arguments, one after the other: `[\"answer\", \"echo\"]`.",
        [](const Target& t, Value& v) {
          for (const Item& item : v.items) {
            t.entry().actions.push_back(action(item));
          }
        }},
    Key{"contexts.*.continue", Type::boolean, "false", "",
        "When this entry has matched and its steps are done, go on with the entries below.",
        [](const Target& t, Value& v) { t.entry().continue_after = v.flag; }},
    Key{"contexts.*.else", Type::actions, "", "", "What runs when all but the time conditions match.",
        nullptr},

    Key{"cdr.csv", Type::path, "cdr/Master.csv", "", "The CSV file, under `data_dir`; \"\" for none.",
        [](const Target& t, Value& v) { t.snapshot.cdr.csv = v.text; }},
    Key{"cdr.sqlite", Type::path, "cdr.db", "", "The SQLite database, under `data_dir`; \"\" for none.",
        [](const Target& t, Value& v) { t.snapshot.cdr.sqlite = v.text; }},

    Key{"control.socket", Type::path, "/run/switchroom/control.sock", "",
        "The socket that `pbxctl` connects to; a relative path is seen from the file's folder.",
        [](const Target& t, Value& v) { t.snapshot.control.socket = v.text; }},
    Key{"control.event_socket", Type::text, "", "", "The event socket.", nullptr},

    Key{"log.level", Type::word, "info", levels, "The least important lines that are written.",
        [](const Target& t, Value& v) { t.snapshot.log.level = v.text; }},
    Key{"log.levels.*", Type::word, "", levels,
        "The level of the subsystem main, config, sip, registrar, call, dialplan, media, cdr, control or "
        "guard.",
        [](const Target& t, Value& v) { t.snapshot.log.levels[t.names.at(0)] = v.text; }},
    Key{"log.file", Type::path, "", "", "A file under `data_dir`, or an absolute path. Default: the console.",
        [](const Target& t, Value& v) { t.snapshot.log.file = v.text; }},
    Key{"log.max_size", Type::size, "10M", "64K..1G", "A file of this size is put aside and a new one begun.",
        [](const Target& t, Value& v) { t.snapshot.log.max_size = static_cast<std::uint64_t>(v.number); }},
    Key{"log.keep", Type::integer, "5", "1..1000", "How many of those are kept.",
        [](const Target& t, Value& v) { t.snapshot.log.keep = static_cast<std::uint32_t>(v.number); }},

    Key{"trunks", Type::text, "", "", "Carriers.", nullptr},
    Key{"inbound", Type::text, "", "", "Where outside numbers ring.", nullptr},
    Key{"outbound", Type::text, "", "", "What people dial to reach the outside.", nullptr},
    Key{"ring_groups", Type::text, "", "", "Several phones under one number.", nullptr},
    Key{"hours", Type::text, "", "", "Opening hours.", nullptr},
    Key{"menus", Type::text, "", "", "Voice menus.", nullptr},
    Key{"conferences", Type::text, "", "", "Conference rooms.", nullptr},
    Key{"recording", Type::text, "", "", "Recording of calls.", nullptr},
    Key{"bans", Type::text, "", "", "Automatic bans.", nullptr},
};

/// "profiles.*.listen" to "profiles.*" and "listen".
std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}
std::string_view name_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

template <class Rows>
auto find_row(const Rows& rows, std::string_view parent, std::string_view name) {
  const auto matches = [&](std::string_view wanted) {
    return std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
      return parent_of(row.path) == parent && name_of(row.path) == wanted;
    });
  };
  auto found = matches(name);
  if (found == rows.end()) {
    found = matches("*");
  }
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Key> keys() { return key_table; }
std::span<const Section> sections() { return section_table; }

const Key* find_key(std::string_view parent, std::string_view name) {
  return find_row(key_table, parent, name);
}
const Section* find_section(std::string_view parent, std::string_view name) {
  return find_row(section_table, parent, name);
}

std::vector<std::string> names_in(std::string_view parent) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view path) {
    const std::string_view name = name_of(path);
    if (parent_of(path) == parent && name != "*" &&
        std::find(names.begin(), names.end(), name) == names.end()) {
      names.emplace_back(name);
    }
  };
  for (const Section& section : section_table) {
    add(section.path);
  }
  for (const Key& key : key_table) {
    add(key.path);
  }
  return names;
}

std::string join(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : std::string(parent) + "." + std::string(name);
}

}  // namespace switchroom::config
