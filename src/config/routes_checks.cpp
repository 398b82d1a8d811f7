// What is wrong with trunks and routes, each at its place.
#include "config/routes.hpp"
#include "config/suggestions.hpp"
#include "config/syntax.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace switchroom::config {
namespace {

std::string chosen_profile(const Snapshot& snapshot) {
  if (snapshot.profiles.contains("external")) {
    return "external";
  }
  for (const auto& [name, profile] : snapshot.profiles) {
    if (!profile.auth) {
      return name;
    }
  }
  return snapshot.profiles.empty() ? std::string() : snapshot.profiles.begin()->first;
}

class TrunkCheck {
 public:
  TrunkCheck(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems)
      : snapshot_(snapshot), places_(places), problems_(problems) {}

  void complete(Trunk& trunk) {
    path_ = "trunks." + trunk.name;
    table_ = trunk.place;
    complete_place(trunk);
    complete_account(trunk);
    if (trunk.retry_max < trunk.retry_min) {
      complain(is_set("retry_max") ? "retry_max" : "retry_min", "retry_max is shorter than retry_min");
    }
    if (!trunk.proxy.empty() && !is_proxy(trunk.proxy)) {
      complain("proxy", fmt::format("\"{}\" is neither NAME nor NAME:PORT", trunk.proxy));
    }
  }

 private:
  [[nodiscard]] bool is_set(const std::string& key) const { return places_.contains(path_ + "." + key); }
  void complain(const std::string& key, std::string what) {
    const auto place = places_.find(path_ + "." + key);
    problems_.push_back({place == places_.end() ? table_ : place->second,
                         key.empty() ? path_ : path_ + "." + key, std::move(what)});
  }
  static bool is_proxy(const std::string& text) {
    const auto colon = text.rfind(':');
    const bool v6 = text.starts_with('[');
    const bool port = colon != std::string::npos && (!v6 || text.find(']') < colon);
    std::uint64_t number = 0;
    if (port && (!parse_number(text.substr(colon + 1), number) || number == 0 || number > 65535)) {
      return false;
    }
    std::string host = port ? text.substr(0, colon) : text;
    if (v6 && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
    }
    return !host.empty() && is_host(host);
  }

  void complete_place(Trunk& trunk) {
    if (trunk.profile.empty()) {
      trunk.profile = chosen_profile(snapshot_);
    } else if (!snapshot_.profiles.contains(trunk.profile)) {
      complain("profile", fmt::format("there is no [profiles.{}]{}", trunk.profile,
                                      did_you_mean(trunk.profile, names_of(snapshot_.profiles))));
    }
    const auto profile = snapshot_.profiles.find(trunk.profile);
    if (trunk.context.empty()) {
      const bool own_door = profile != snapshot_.profiles.end() && !profile->second.auth;
      trunk.context = own_door ? profile->second.context : "public";
    }
    if (trunk.transport.empty() || profile == snapshot_.profiles.end()) {
      return;
    }
    const auto& listen = profile->second.listen;
    if (std::none_of(listen.begin(), listen.end(),
                     [&](const std::string& one) { return one.starts_with(trunk.transport + ":"); })) {
      complain("transport", fmt::format("profiles.{} does not listen on {}", trunk.profile, trunk.transport));
    }
  }

  void complete_account(Trunk& trunk) {
    trunk.registers = trunk.registers.value_or(!trunk.username.empty());
    if (*trunk.registers && trunk.username.empty()) {
      complain("register", "needs a username: whom would it register?");
    }
    if (is_set("password") && is_set("password_file")) {
      complain("password_file", "password and password_file are both set: keep one");
    }
    if (trunk.password == "…") {
      complain("password", "the password is the placeholder of the example: choose a password");
    }
    if (!trunk.password.empty() && trunk.username.empty() && trunk.auth_username.empty()) {
      complain("password", "needs a username");
    }
    if (*trunk.registers && trunk.password.empty() && !is_set("password") && !is_set("password_file")) {
      complain("", "has no password: set password or password_file (or register = false)");
    }
    if (trunk.auth_username.empty()) {
      trunk.auth_username = trunk.username;
    }
    if (trunk.caller_id != "from" && trunk.username.empty() && trunk.from_user.empty()) {
      complain("caller_id", "needs a username or from_user: who stands in From?");
    }
  }

  Snapshot& snapshot_;
  const Places& places_;
  std::vector<Problem>& problems_;
  std::string path_;
  Place table_;
};

class RouteCheck {
 public:
  RouteCheck(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems)
      : snapshot_(snapshot), checks_(checks), problems_(problems) {}

  void check() {
    for (const auto& route : snapshot_.inbound) {
      check_way(route.to, "inbound.to", !route.did_pattern.text.empty());
      check_way(route.else_to, "inbound.else_to", !route.did_pattern.text.empty());
    }
    for (const auto& route : snapshot_.outbound) {
      check_trunks(route.trunks, "outbound.trunks", route.place);
    }
    check_emergency();
  }

 private:
  void complain(const Place& place, const std::string& key, std::string what) {
    problems_.push_back({place, key, std::move(what)});
  }

  void check_way(const Placed& to, const std::string& key, bool may_compute) {
    if (to.text.empty()) {
      return;
    }
    const auto space = std::min(to.text.find(' '), to.text.size());
    const std::string number = to.text.substr(0, space);
    const auto rest = to.text.find_first_not_of(' ', space);
    const std::string context = rest == std::string::npos ? "default" : to.text.substr(rest);
    if (!snapshot_.contexts.contains(context)) {
      complain(to.place, key,
               fmt::format("there is no context \"{}\"{}", context,
                           did_you_mean(context, names_of(snapshot_.contexts))));
    } else if (number.find('$') != std::string::npos) {
      if (!may_compute) {
        complain(to.place, key, "a capture needs did_pattern");
      }
    } else if (checks_.reaches && !checks_.reaches(context, number, snapshot_)) {
      complain(to.place, key,
               fmt::format("nothing in the context \"{}\" takes {}{}", context, number, meant(number)));
    }
  }

  [[nodiscard]] std::string meant(const std::string& number) const {
    std::vector<std::string> known = names_of(snapshot_.extensions);
    for (const auto& more : {names_of(snapshot_.menus), names_of(snapshot_.ring_groups)}) {
      known.insert(known.end(), more.begin(), more.end());
    }
    return did_you_mean(number, known);
  }

  void check_trunks(const std::vector<Placed>& trunks, const std::string& key, const Place& place) {
    std::set<std::string> seen;
    if (trunks.empty()) {
      complain(place, key, "names no trunk");
    }
    for (const auto& trunk : trunks) {
      if (!snapshot_.trunks.contains(trunk.text)) {
        complain(trunk.place, key,
                 fmt::format("there is no [trunks.{}]{}", trunk.text,
                             did_you_mean(trunk.text, names_of(snapshot_.trunks))));
      } else if (!seen.insert(trunk.text).second) {
        complain(trunk.place, key, fmt::format("{} stands there twice", trunk.text));
      }
    }
  }

  void check_emergency() {
    const Emergency& emergency = snapshot_.emergency;
    if (emergency.place.line == 0) {
      return;
    }
    if (emergency.numbers.empty()) {
      complain(emergency.place, "emergency.numbers",
               "is missing: which are they, as in numbers = [\"112\", \"911\"]");
    }
    check_trunks(emergency.trunks, "emergency.trunks", emergency.place);
    std::set<std::string> seen;
    for (const auto& number : emergency.numbers) {
      check_number(number);
      if (!seen.insert(number.text).second) {
        complain(number.place, "emergency.numbers", fmt::format("{} stands there twice", number.text));
      }
    }
    for (const auto& extension : emergency.notify) {
      if (!snapshot_.extensions.contains(extension.text)) {
        complain(extension.place, "emergency.notify",
                 fmt::format("there is no extension {}{}", extension.text,
                             did_you_mean(extension.text, names_of(snapshot_.extensions))));
      }
    }
  }

  void check_number(const Placed& number) {
    const std::string key = "emergency.numbers";
    const std::string& text = number.text;
    const bool dialled = std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || c == '*' || c == '#' || c == '+';
    });
    if (text.size() < 2 || !dialled) {
      complain(number.place, key, fmt::format("\"{}\" is no number that a phone could dial", text));
    }
    if (snapshot_.extensions.contains(text)) {
      complain(number.place, key, fmt::format("{} is the number of an extension, too", text));
    }
    const auto claims = [&](const auto& sections, const char* table) {
      for (const auto& [name, section] : sections) {
        if (section.number == text) {
          complain(number.place, key, fmt::format("{} is the number of {}.{}, too", text, table, name));
        }
      }
    };
    claims(snapshot_.ring_groups, "ring_groups");
    claims(snapshot_.menus, "menus");
  }

  const Snapshot& snapshot_;
  const Checks& checks_;
  std::vector<Problem>& problems_;
};

}  // namespace

void complete_trunks(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  for (auto& [name, trunk] : snapshot.trunks) {
    TrunkCheck(snapshot, places, problems).complete(trunk);
  }
}

void give_trunks_profiles(Snapshot& snapshot) {
  for (const auto& [name, trunk] : snapshot.trunks) {
    if (const auto profile = snapshot.profiles.find(trunk.profile); profile != snapshot.profiles.end()) {
      Profile& own = snapshot.trunk_profiles[name];
      own = profile->second;
      if (!trunk.codecs.empty()) {
        own.codecs = trunk.codecs;
      }
      if (!trunk.srtp.empty()) {
        own.encryption.srtp = trunk.srtp;
      }
      if (!trunk.srtp_keys.empty()) {
        own.encryption.keys = trunk.srtp_keys;
      }
    }
  }
}

void check_routes(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems) {
  RouteCheck(snapshot, checks, problems).check();
}

}  // namespace switchroom::config
