#include "config/routes.hpp"

#include "config/suggestions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace switchroom::config {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A text for use inside of a pattern.
std::string literally(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool special = std::string_view(R"(\^$.[]|()?*+{}#-)").find(c) != std::string_view::npos;
    pattern += special ? std::string("\\") + c : std::string(1, c);
  }
  return pattern;
}

/// Has the pattern a group whose capture is $1?
bool has_capture(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '(' && pattern.substr(at + 1, 1) != "?" && pattern.substr(at + 1, 1) != "*") {
      return true;
    }
  }
  return false;
}

/// "5000 default" to number and context.
std::pair<std::string, std::string> place_to_go(const std::string& to) {
  const auto space = std::min(to.find(' '), to.size());
  const auto rest = to.find_first_not_of(' ', space);
  return {to.substr(0, space), rest == std::string::npos ? std::string("default") : to.substr(rest)};
}

class Routes {
 public:
  Routes(Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems)
      : snapshot_(snapshot), checks_(checks), problems_(problems) {}

  void add() {
    for (const auto& [name, trunk] : snapshot_.trunks) {
      doors_.insert(trunk.context);
    }
    for (const bool patterns : {false, true}) {
      for (const auto& route : snapshot_.inbound) {
        if (route.did.text.empty() == patterns) {
          add_inbound(route);
        }
      }
    }
    close_doors();
    std::size_t number = 0;
    for (auto& route : snapshot_.outbound) {
      ++number;
      if (route.name.empty()) {
        route.name = fmt::format("outbound-{}", number);
      }
      add_outbound(route);
    }
    add_notice();
  }

 private:
  void complain(const Place& place, const std::string& key, std::string what) {
    problems_.push_back({place, key, std::move(what)});
  }

  /// One that no call would ever enter is a slip of the pen.
  void check_context(const std::string& context, const std::string& key, const Place& place) {
    const auto enters = [&](const auto& one) { return one.second.context == context; };
    if (context != "default" && !snapshot_.contexts.contains(context) &&
        std::none_of(snapshot_.profiles.begin(), snapshot_.profiles.end(), enters) &&
        std::none_of(snapshot_.extensions.begin(), snapshot_.extensions.end(), enters)) {
      complain(place, key, fmt::format("no call enters the context \"{}\"", context));
    }
  }

  bool is_pattern_good(const Placed& pattern, const std::string& key) {
    const std::string wrong =
        checks_.condition ? checks_.condition({"destination_number", pattern.text, pattern.place}, snapshot_)
                          : "";
    if (!wrong.empty()) {
      complain(pattern.place, key, wrong);
    }
    return wrong.empty();
  }

  /// The number as the pattern of an entry; empty when it is wrong.
  std::string inbound_pattern(const InboundRoute& route) {
    if (route.did.text.empty() == route.did_pattern.text.empty()) {
      complain(route.place, "inbound",
               route.did.text.empty() ? "has neither did nor did_pattern: which number is it about?"
                                      : "has both did and did_pattern: keep one");
      return {};
    }
    if (!route.did.text.empty()) {
      return did_pattern_of(route.did.text);
    }
    return is_pattern_good(route.did_pattern, "inbound.did_pattern") ? "^(?:" + route.did_pattern.text + ")$"
                                                                     : "";
  }

  [[nodiscard]] std::vector<std::string> contexts_of(const InboundRoute& route) const {
    if (!route.context.text.empty()) {
      return {route.context.text};
    }
    if (!doors_.empty()) {
      return {doors_.begin(), doors_.end()};
    }
    for (const auto& [name, profile] : snapshot_.profiles) {
      if (!profile.auth) {
        return {profile.context};
      }
    }
    return {"public"};
  }

  void add_inbound(const InboundRoute& route) {
    const std::string pattern = inbound_pattern(route);
    if (pattern.empty()) {
      return;
    }
    ContextEntry entry;
    entry.name = "inbound " + (route.did.text.empty() ? route.did_pattern.text : route.did.text);
    entry.place = route.place;
    entry.when = {{"destination_number", pattern, route.place}};
    add_way(entry.actions, route, route.to);
    if (!route.hours.text.empty()) {
      entry.when.push_back({"hours", route.hours.text, route.hours.place});
      add_way(entry.otherwise, route, route.else_to);
    }
    if (route.hours.text.empty() != route.else_to.text.empty()) {
      complain(route.place, "inbound",
               route.hours.text.empty() ? "has else_to without hours: when would it be used?"
                                        : "has hours without else_to: where do callers go at other times?");
    }
    if (!route.context.text.empty() && !doors_.contains(route.context.text)) {
      check_context(route.context.text, "inbound.context", route.context.place);
    }
    for (const auto& context : contexts_of(route)) {
      const auto [taken, is_new] = claimed_.insert({{context, pattern}, route.place.line});
      if (!is_new) {
        complain(
            route.place, "inbound",
            fmt::format("{} stands in line {}, too: this one would never be reached",
                        route.did.text.empty() ? route.did_pattern.text : route.did.text, taken->second));
        return;
      }
      doors_.insert(context);
      snapshot_.contexts[context].push_back(entry);
    }
  }

  static void add_way(std::vector<Action>& actions, const InboundRoute& route, const Placed& to) {
    if (!route.caller_id_prefix.empty()) {
      actions.push_back(
          {"set", "effective_caller_id_name=" + route.caller_id_prefix + "${caller_id_name}", route.place});
    }
    if (route.record.on) {
      actions.push_back({"record_session", record_argument(route.record), route.place});
    }
    const auto [number, context] = place_to_go(to.text);
    actions.push_back({"transfer", number + " " + context, to.place});
  }

  /// Behind all that takes numbers from outside: who knows no such number says so.
  void close_doors() {
    for (const auto& context : doors_) {
      // A context of phones' numbers is no mere door: an unknown number ends there as it always did.
      if (context == "default") {
        snapshot_.contexts[context];
        continue;
      }
      ContextEntry entry;
      entry.name = "unknown number";
      entry.actions = {{"log",
                        "warning Rejecting unknown inbound DID: ${destination_number} from ${sip_from_uri} "
                        "at ${network_addr}",
                        {}},
                       {"hangup", "CALL_REJECTED", {}}};
      snapshot_.contexts[context].push_back(std::move(entry));
    }
  }

  void add_outbound(const OutboundRoute& route) {
    const std::string key = "outbound";
    if (!route.send.empty() && route.strip != 0) {
      complain(route.place, key, "has both send and strip: keep one");
    }
    const auto [twin, is_new] = dialled_.insert({{route.context, route.dial.text}, route.dial.place.line});
    if (!is_new && !route.dial.text.empty()) {
      complain(route.dial.place, "outbound.dial",
               fmt::format("the same pattern stands in line {}: this one would never be reached; list both "
                           "trunks there",
                           twin->second));
    }
    if (const auto [other, fresh] = names_.insert({route.name, route.place.line}); !fresh) {
      complain(route.place, "outbound.name",
               fmt::format("\"{}\" is the name of line {}, too", route.name, other->second));
    }
    check_context(route.context, "outbound.context", route.place);
    if (route.dial.text.empty() || !is_pattern_good(route.dial, "outbound.dial")) {
      return;
    }
    std::string number = route.send;
    if (route.strip != 0) {
      number = fmt::format("${{destination_number:{}}}", route.strip);
    } else if (number.empty()) {
      number = has_capture(route.dial.text) ? "$1" : "${destination_number}";
    }
    ContextEntry entry;
    entry.name = route.name;
    entry.place = route.place;
    entry.when = {{"destination_number", "^(?:" + route.dial.text + ")$", route.dial.place}};
    if (route.record.on) {
      entry.actions.push_back({"record_session", record_argument(route.record), route.place});
    }
    entry.actions.push_back({"outbound", route.name + " " + route.prefix + number, route.place});
    snapshot_.contexts[route.context].push_back(std::move(entry));
  }

  void add_notice() {
    const Emergency& emergency = snapshot_.emergency;
    if (emergency.notify.empty()) {
      return;
    }
    ContextEntry entry;
    entry.name = "emergency notice";
    entry.place = emergency.place;
    const std::string text =
        "say:Emergency call.!say:${emergency_caller_name}, extension!spell:${emergency_caller}!say:has "
        "dialled!"
        "digits:${emergency_number}" +
        std::string(emergency.location.empty() ? "" : "!say:${emergency_location}");
    // Whoever does not understand it at once hears it again; the tone is heard even where nothing can be
    // said.
    entry.actions = {
        {"answer", "", emergency.place},
        {"playback", "tone_stream:%(300,100,950);%(300,100,1400);%(300,300,1800)", emergency.place},
        {"playback", text, emergency.place},
        {"playback", "tone_stream:%(300,100,950);%(300,100,1400);%(300,300,1800)", emergency.place},
        {"playback", text, emergency.place},
        {"hangup", "NORMAL_CLEARING", emergency.place}};
    snapshot_.contexts[emergency_notice_context].push_back(std::move(entry));
  }

  Snapshot& snapshot_;
  const Checks& checks_;
  std::vector<Problem>& problems_;
  std::set<std::string> doors_;  // contexts that calls from outside enter
  std::map<std::pair<std::string, std::string>, std::uint32_t> claimed_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> dialled_;
  std::map<std::string, std::uint32_t> names_;
};

}  // namespace

std::string did_pattern_of(const std::string& did) {
  const std::string digits = did.starts_with('+') ? did.substr(1) : did;
  if (!is_digits(digits)) {
    return "^" + literally(did) + "$";
  }
  if (!did.starts_with('+')) {
    return "^\\+?" + digits + "$";
  }
  if (digits.size() == 11 && digits.front() == '1') {
    return "^(?:(?:\\+|00|011)?1)?" + digits.substr(1) + "$";
  }
  return "^(?:\\+|00|011)?" + digits + "$";
}

void add_routes(Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems) {
  Routes(snapshot, checks, problems).add();
}

}  // namespace switchroom::config
