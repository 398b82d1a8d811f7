#include "config/checks.hpp"

#include "config/suggestions.hpp"
#include "config/syntax.hpp"
#include "config/value_reader.hpp"

#include <fmt/core.h>
#include <sys/un.h>

#include <algorithm>

namespace switchroom::config {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    out += (out.empty() ? "" : ",") + part;
  }
  return out;
}

class Whole {
 public:
  Whole(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems)
      : snapshot_(snapshot), places_(places), problems_(problems) {}

  void complete() {
    if (snapshot_.profiles.empty() && places_.find("profiles") == places_.end()) {
      problems_.push_back({{snapshot_.file.string(), 1, 1},
                           "profiles",
                           "no profile: at least one is needed, as in [profiles.internal]"});
    } else if (snapshot_.profiles.empty()) {
      complain("profiles", "no profile: at least one is needed, as in [profiles.internal]");
    }
    for (auto& [name, profile] : snapshot_.profiles) {
      check_profile("profiles." + name, profile);
    }
    check_listeners();
    snapshot_.bans.spares_loopback = !is_set("bans");
    check_acl("bans.never", snapshot_.bans.never);
    check_acl("bans.proxies", snapshot_.bans.proxies);
    if (const auto set = parse_nftables(snapshot_.bans.nftables); !snapshot_.bans.nftables.empty() && !set) {
      complain("bans.nftables", set.error().what);
    }
    if (snapshot_.bans.max_ban_time < snapshot_.bans.ban_time) {
      complain(is_set("bans.ban_time") ? "bans.ban_time" : "bans.max_ban_time",
               "ban_time is longer than max_ban_time");
    }
    for (auto& [number, extension] : snapshot_.extensions) {
      check_extension("extensions." + number, extension);
    }
    complete_paths();
    complete_domain();
  }

  void complete_data_dir() {
    if (snapshot_.pbx.data_dir.empty()) {
      complain("pbx.data_dir", "is empty");
    }
    snapshot_.pbx.data_dir = (base_folder() / snapshot_.pbx.data_dir).lexically_normal();
    complete_record("cdr.csv", snapshot_.cdr.csv);
    complete_record("cdr.sqlite", snapshot_.cdr.sqlite);
    if (!snapshot_.cdr.csv.empty() && snapshot_.cdr.csv == snapshot_.cdr.sqlite) {
      complain("cdr.sqlite", "is the same file as csv");
    }
  }

 private:
  /// At the key, or at the nearest table around it that stands in the file.
  [[nodiscard]] Place place_of(std::string_view key) const {
    while (true) {
      if (const auto found = places_.find(key); found != places_.end()) {
        return found->second;
      }
      const std::size_t dot = key.rfind('.');
      if (dot == std::string_view::npos) {
        return {snapshot_.file.string(), 1, 1};
      }
      key = key.substr(0, dot);
    }
  }
  [[nodiscard]] bool is_set(const std::string& key) const { return places_.find(key) != places_.end(); }
  void complain(const std::string& key, std::string what) {
    problems_.push_back({place_of(key), key, std::move(what)});
  }

  void check_context(const std::string& key, const std::string& context) {
    if (snapshot_.contexts.find(context) == snapshot_.contexts.end()) {
      complain(key, fmt::format("the context \"{}\" is defined nowhere: [[contexts.{}]]{}", context, context,
                                did_you_mean(context, names_of(snapshot_.contexts))));
    }
  }
  void check_acl(const std::string& key, const std::string& acl) {
    if (!acl.empty() && snapshot_.acl.find(acl) == snapshot_.acl.end() && !is_set("acl." + acl)) {
      complain(key, fmt::format("the access list \"{}\" is not defined in [acl]{}", acl,
                                did_you_mean(acl, acl_names())));
    }
  }
  /// Also of those whose networks are wrong.
  [[nodiscard]] std::vector<std::string> acl_names() const {
    std::vector<std::string> names;
    constexpr std::string_view table = "acl.";
    for (auto it = places_.lower_bound(table); it != places_.end() && it->first.starts_with(table); ++it) {
      names.push_back(it->first.substr(table.size()));
    }
    return names;
  }

  void check_profile(const std::string& path, Profile& profile) {
    check_context(path + ".context", profile.context);
    check_acl(path + ".allow", profile.allow);
    check_acl(path + ".allow_register", profile.allow_register);
    check_acl(path + ".allow_call", profile.allow_call);
    if (profile.session_timeout < profile.min_session_timeout) {
      complain(path + (is_set(path + ".session_timeout") ? ".session_timeout" : ".min_session_timeout"),
               "session_timeout is shorter than min_session_timeout");
    }
    if (profile.max_expires < profile.min_expires) {
      complain(path + (is_set(path + ".max_expires") ? ".max_expires" : ".min_expires"),
               "max_expires is shorter than min_expires");
    }
    const Media& media = snapshot_.media;
    if (profile.media_address.empty()) {
      profile.media_address = media.address;
    }
    if (profile.media_public_address.empty()) {
      profile.media_public_address =
          media.public_address.empty() ? profile.public_address : media.public_address;
    }
  }

  struct Heard {
    Listener listener;
    std::string profile;
    std::string text;
  };
  void check_listeners() {
    std::vector<Heard> heard;
    for (const auto& [name, profile] : snapshot_.profiles) {
      for (const std::string& text : profile.listen) {
        Heard one{*parse_listener(text), name, text};
        const std::string key = "profiles." + name + ".listen";
        check_against(key, one, heard);
        const Media& media = snapshot_.media;
        const std::uint16_t port = one.listener.endpoint.port;
        if (one.listener.transport == "udp" && port >= media.first_port && port <= media.last_port) {
          complain(key, fmt::format("\"{}\" lies within [media] ports {}-{}", text, media.first_port,
                                    media.last_port));
        }
        heard.push_back(std::move(one));
      }
    }
  }
  void check_against(const std::string& key, const Heard& one, const std::vector<Heard>& heard) {
    for (const Heard& other : heard) {
      const base::IpAddress& here = one.listener.endpoint.address;
      const base::IpAddress& there = other.listener.endpoint.address;
      if (one.listener.transport != other.listener.transport ||
          one.listener.endpoint.port != other.listener.endpoint.port || here.is_v4() != there.is_v4()) {
        continue;
      }
      if (here == there) {
        complain(key,
                 fmt::format("\"{}\" is listened on twice{}", one.text,
                             other.profile == one.profile ? "" : ", here and by profiles." + other.profile));
      } else if (here.is_unspecified() || there.is_unspecified()) {
        complain(key, fmt::format("\"{}\" and \"{}\" of profiles.{} overlap: one of them is every address",
                                  one.text, other.text, other.profile));
      }
    }
  }

  void check_extension(const std::string& path, Extension& extension) {
    const std::string inline_key = path + ".password";
    const std::string file_key = path + ".password_file";
    if (is_set(inline_key) && is_set(file_key)) {
      complain(file_key, "password and password_file are both set: keep one");
    } else if (!is_set(inline_key) && !is_set(file_key)) {
      complain(path, "has no password: set password or password_file");
    } else if (!extension.password.empty()) {
      const std::string weakness = password_weakness(extension.password, extension.number);
      if (!weakness.empty()) {
        complain(is_set(inline_key) ? inline_key : file_key, "the password " + weakness);
      }
    }
    if (!extension.context.empty()) {
      check_context(path + ".context", extension.context);
    }
    // What the dialplan sees; one that the table `variables` sets as well would be set twice.
    add_variable(path, extension, "groups", {"callgroup", joined(extension.groups)});
    add_variable(path, extension, "caller_id", {"outbound_caller_id_number", extension.caller_id});
    add_variable(path, extension, "caller_id_name", {"outbound_caller_id_name", extension.caller_id_name});
    add_variable(path, extension, "toll_allow", {"toll_allow", joined(extension.toll_allow)});
    add_variable(path, extension, "accountcode", {"accountcode", extension.accountcode});
  }
  void add_variable(const std::string& path, Extension& extension, std::string_view key,
                    const std::pair<std::string, std::string>& variable) {
    if (variable.second.empty()) {
      return;
    }
    if (!extension.variables.insert(variable).second) {
      complain(path + ".variables." + variable.first, fmt::format("is set by {} already", key));
    }
  }

  [[nodiscard]] fs::path base_folder() const {
    std::error_code none;
    const fs::path file =
        fs::absolute(snapshot_.file.empty() ? fs::path("switchroom.toml") : snapshot_.file, none);
    return file.parent_path();
  }
  void complete_paths() {
    for (auto& [name, hours] : snapshot_.hours) {
      complete_calendars(hours.dates);
      complete_calendars(hours.except);
    }
    snapshot_.media.sounds = (snapshot_.pbx.data_dir / snapshot_.media.sounds).lexically_normal();
    for (auto& [name, music] : snapshot_.music) {
      music.folder = (snapshot_.pbx.data_dir / music.folder).lexically_normal();
    }
    if (snapshot_.control.socket.empty()) {
      complain("control.socket", "is empty");
    }
    snapshot_.control.socket = (base_folder() / snapshot_.control.socket).lexically_normal();
    if (snapshot_.control.socket.string().size() >= sizeof(sockaddr_un::sun_path)) {
      complain("control.socket", fmt::format("is longer than the {} bytes that a socket's path may have",
                                             sizeof(sockaddr_un::sun_path) - 1));
    }
    if (!snapshot_.log.file.empty()) {
      snapshot_.log.file = (snapshot_.pbx.data_dir / snapshot_.log.file).lexically_normal().string();
    }
  }
  /// Calendars are seen from data_dir.
  void complete_calendars(std::vector<std::string>& dates) const {
    for (std::string& one : dates) {
      if (one.ends_with(".ics")) {
        one = (snapshot_.pbx.data_dir / one).lexically_normal().string();
      }
    }
  }

  /// Stays relative to data_dir, without dots on the way.
  void complete_record(const std::string& key, std::string& record) {
    if (record.empty()) {
      return;
    }
    const fs::path whole = (snapshot_.pbx.data_dir / record).lexically_normal();
    const fs::path inside = whole.lexically_relative(snapshot_.pbx.data_dir);
    if (inside.empty() || *inside.begin() == ".." || inside == "." || !whole.has_filename()) {
      complain(key, "is not a file under data_dir");
      return;
    }
    record = inside.string();
  }

  void complete_domain() {
    if (snapshot_.pbx.domain.empty()) {
      // 192.0.2.1 (RFC 5737) is nobody: the question is which address faces the rest of the world.
      const base::IpAddress address = base::local_address_towards(asio::ip::make_address_v4("192.0.2.1"));
      snapshot_.pbx.domain = address.is_unspecified() ? "127.0.0.1" : address.to_string();
    }
  }

  Snapshot& snapshot_;
  const Places& places_;
  std::vector<Problem>& problems_;
};

}  // namespace

void complete_data_dir(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  Whole(snapshot, places, problems).complete_data_dir();
}

void complete(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  Whole(snapshot, places, problems).complete();
}

void check_hold_music(const Snapshot& snapshot, const Places& places, const Checks& checks,
                      std::vector<Problem>& problems) {
  for (const auto& [name, profile] : snapshot.profiles) {
    const std::string key = "profiles." + name + ".hold_music";
    const auto place = places.find(key);
    if (place == places.end() || !checks.hold_music) {
      continue;
    }
    if (std::string what = checks.hold_music(profile.hold_music, snapshot); !what.empty()) {
      problems.push_back({place->second, key, std::move(what)});
    }
  }
}

void check_dialplan(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems) {
  const auto tell = [&](const Place& place, const std::string& key, std::string what) {
    if (!what.empty()) {
      problems.push_back({place, key, std::move(what)});
    }
  };
  for (const auto& [name, hours] : snapshot.hours) {
    tell(hours.place, "hours." + name, checks.hours ? checks.hours(hours) : "");
  }
  if (checks.conferences) {
    for (Problem& problem : checks.conferences(snapshot)) {
      problems.push_back(std::move(problem));
    }
  }
  for (const auto& [name, menu] : snapshot.menus) {
    tell(menu.place, "menus." + name, checks.menu ? checks.menu(menu, snapshot) : "");
  }
  const auto check_branch = [&](const std::string& path, const auto& branch) {
    for (const auto* conditions : {&branch.when, &branch.any}) {
      for (const Condition& condition : *conditions) {
        tell(condition.place, path + (conditions == &branch.when ? ".when." : ".any.") + condition.field,
             checks.condition ? checks.condition(condition, snapshot) : "");
      }
    }
    for (const auto* actions : {&branch.actions, &branch.otherwise}) {
      for (const Action& one : *actions) {
        tell(one.place, path + (actions == &branch.actions ? ".do" : ".else"),
             checks.application ? checks.application(one, snapshot) : "");
      }
    }
  };
  for (const auto& [name, entries] : snapshot.contexts) {
    for (const ContextEntry& entry : entries) {
      check_branch("contexts." + name, entry);
      for (const Case& one : entry.cases) {
        check_branch("contexts." + name + ".cases", one);
        for (const Case& inner : one.cases) {
          check_branch("contexts." + name + ".cases.cases", inner);
        }
      }
    }
  }
}

}  // namespace switchroom::config
