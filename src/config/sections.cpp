#include "config/sections.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>

namespace switchroom::config {
namespace {

/// A text for use inside of a pattern.
std::string quoted(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    const bool special = std::string_view(R"(\^$.[]|()?*+{}#-)").find(c) != std::string_view::npos;
    pattern += special ? std::string("\\") + c : std::string(1, c);
  }
  return pattern;
}

/// "701-720", or one number alone; none when it is written otherwise.
std::vector<std::string> numbers_in(const std::string& range) {
  constexpr unsigned long most = 1000;
  constexpr std::size_t longest = 9;
  const auto dash = range.find('-');
  const std::string first = range.substr(0, dash);
  const std::string last = dash == std::string::npos ? first : range.substr(dash + 1);
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.size() <= longest &&
           text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!is_number(first) || !is_number(last) || first.size() != last.size()) {
    return {};
  }
  std::vector<std::string> numbers;
  for (unsigned long n = std::stoul(first); n <= std::stoul(last) && numbers.size() < most; ++n) {
    numbers.push_back(fmt::format("{:0{}}", n, first.size()));
  }
  return numbers;
}

/// A text for use inside of '…' in a dial string.
std::string in_quotes(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return quoted;
}

class Sections {
 public:
  Sections(Snapshot& snapshot, std::vector<Problem>& problems) : snapshot_(snapshot), problems_(problems) {
    for (const auto& [number, extension] : snapshot.extensions) {
      claimed_[{"default", number}] = "extensions." + number;
    }
  }

  void add() {
    const bool by_hand = snapshot_.contexts.contains("default");
    for (const auto& [name, group] : snapshot_.ring_groups) {
      add_ring_group(group);
    }
    for (const auto& [name, menu] : snapshot_.menus) {
      add_menu(menu);
    }
    add_parking();
    if (!snapshot_.voicemail.mailboxes.empty()) {
      add_voicemail();
    }
    for (const auto& [name, conference] : snapshot_.conferences) {
      add_conference(conference);
    }
    if (!by_hand) {
      add_extensions();
    }
  }

 private:
  void claim(const std::string& section, const std::string& context, const std::string& number,
             const Place& place) {
    if (number.empty()) {
      return;
    }
    const auto [at, is_new] = claimed_.insert({{context, number}, section});
    if (!is_new) {
      problems_.push_back({place, section, fmt::format("{} is the number of {}, too", number, at->second)});
    }
  }

  /// `number` and `name` lead to `actions`.
  void add_entry(const std::string& section, const std::string& name, const std::string& context,
                 const std::string& number, const Place& place, std::vector<Action> actions) {
    claim(section, context, number, place);
    claim(section, context, name, place);
    ContextEntry entry;
    entry.name = section;
    entry.place = place;
    const std::string pattern = number.empty() ? quoted(name) : quoted(number) + "|" + quoted(name);
    entry.when = {{"destination_number", "^(" + pattern + ")$", place}};
    entry.actions = std::move(actions);
    snapshot_.contexts[context].push_back(std::move(entry));
  }

  void add_ring_group(const RingGroup& group) {
    const std::string section = "ring_groups." + group.name;
    std::vector<Action> actions;
    const auto act = [&](std::string application, std::string argument) {
      actions.push_back({std::move(application), std::move(argument), group.place});
    };
    if (group.members.empty()) {
      problems_.push_back(
          {group.place, section + ".members", "is missing: who rings, as in members = [\"1001\"]"});
      return;
    }
    if (group.record.on) {
      act("record_session", record_argument(group.record));
    }
    for (const auto& member : group.members) {
      if (!snapshot_.extensions.contains(member)) {
        problems_.push_back(
            {group.place, section + ".members", fmt::format("there is no extension {}", member)});
      }
    }
    std::string variables = fmt::format("call_timeout={}", group.timeout.count());
    if (!group.prefix.empty()) {
      variables += fmt::format(",effective_caller_id_name='{}${{caller_id_name}}'", in_quotes(group.prefix));
    }
    if (!group.then.empty()) {
      act("set", "continue_on_fail=true");  // whatever a rule before has said
    }
    act("bridge", fmt::format("{{{}}}group/{}", variables, group.name));
    add_then(actions, group.then, group.place);
    add_entry(section, group.name, group.context, group.number, group.place, std::move(actions));
  }

  /// All extensions, for offices that wrote no dialplan; those with a mailbox fall to it.
  void add_extensions() {
    const Voicemail& voicemail = snapshot_.voicemail;
    if (voicemail.after_no_answer) {
      std::string with_mailbox;
      for (const auto& [name, mailbox] : voicemail.mailboxes) {
        if (snapshot_.extensions.contains(name)) {
          with_mailbox += (with_mailbox.empty() ? "" : "|") + quoted(name);
        }
      }
      if (!with_mailbox.empty()) {
        ContextEntry entry;
        entry.name = "extensions with a mailbox";
        entry.when = {{"destination_number", "^(" + with_mailbox + ")$", {}}};
        entry.actions = {{"set", fmt::format("call_timeout={}", voicemail.ring.count()), {}},
                         {"bridge", "user/$1", {}},
                         {"voicemail", "$1", {}}};
        snapshot_.contexts["default"].push_back(std::move(entry));
      }
    }
    ContextEntry entry;
    entry.name = "extensions";
    entry.when = {{"${is_extension}", "^true$", {}}};
    entry.actions = {{"bridge", "user/${destination_number}", {}}};
    snapshot_.contexts["default"].push_back(std::move(entry));
  }

  /// The feature codes, behind what was written by hand.
  void add_voicemail() {
    const Voicemail& voicemail = snapshot_.voicemail;
    const auto add = [&](const std::string& code, const std::string& rest, const std::string& argument) {
      if (code.empty()) {
        return;
      }
      ContextEntry entry;
      entry.name = "voicemail " + code;
      entry.when = {{"destination_number", "^" + quoted(code) + rest + "$", {}}};
      entry.actions = {{"answer", "", {}}, {"sleep", "500", {}}, {"voicemail", argument, {}}};
      snapshot_.contexts[voicemail.context].push_back(std::move(entry));
    };
    ContextEntry play;  // pbxctl voicemail play; a name with a blank, which no file can have
    play.name = "voicemail play";
    play.when = {{"destination_number", "^(\\d+)$", {}}};
    play.actions = {{"voicemail", "play $1", {}}};
    snapshot_.contexts["voicemail play"].push_back(std::move(play));
    add(voicemail.check, "", "check");
    add(voicemail.check_mailbox, "", "check ask");
    add(voicemail.check_mailbox, "(\\d+)", "check $1");
    add(voicemail.leave, "(\\d+)", "$1");
  }

  void add_menu(const Menu& menu) {
    std::vector<Action> actions{{"answer", "", menu.place}, {"ivr", menu.name, menu.place}};
    add_entry("menus." + menu.name, menu.name, menu.context, menu.number, menu.place, std::move(actions));
  }

  void add_parking() {
    Parking& parking = snapshot_.parking;
    const std::string range = parking.slots.empty() ? std::string() : parking.slots.front();
    const auto numbers = numbers_in(range);
    if (!range.empty() && numbers.empty()) {
      problems_.push_back(
          {{}, "parking.slots", fmt::format("\"{}\" is not written as in 701-720 (at most 1000)", range)});
    }
    parking.slots = numbers;
    const auto act = [](const std::string& argument) {
      return std::vector<Action>{{"valet_park", argument, {}}};
    };
    for (const std::string& slot : numbers) {
      claim("parking", parking.context, slot, {});
    }
    if (!parking.number.empty()) {
      add_entry("parking", parking.number, parking.context, {}, {}, {{"park", "auto", {}}});
    }
    if (numbers.empty()) {
      return;
    }
    ContextEntry entry;
    entry.name = "parking slots";
    std::string pattern;
    for (const std::string& slot : numbers) {
      pattern += (pattern.empty() ? "" : "|") + slot;
    }
    entry.when = {{"destination_number", "^(" + pattern + ")$", {}}};
    entry.actions = act("$1");
    snapshot_.contexts[parking.context].push_back(std::move(entry));
  }

  /// Each number that fits is a room of that name. The profile's own name is one too, unless it is "default".
  void add_conference(const Conference& conference) {
    const std::string section = "conferences." + conference.name;
    const auto enter = [&](const std::string& room) {
      return std::vector<Action>{{"answer", "", conference.place},
                                 {"conference", room + "@" + conference.name, conference.place}};
    };
    if (!conference.numbers.empty()) {
      ContextEntry entry;
      entry.name = section;
      entry.place = conference.place;
      entry.when = {{"destination_number", conference.numbers, conference.place}};
      entry.actions = enter("${destination_number}");
      snapshot_.contexts[conference.context].push_back(std::move(entry));
    }
    if (conference.name != "default") {
      add_entry(section, conference.name, conference.context, "", conference.place, enter(conference.name));
    }
  }

  static void add_then(std::vector<Action>& actions, const std::string& then, const Place& place) {
    if (then.empty()) {
      return;
    }
    const auto space = std::min(then.find(' '), then.size());
    actions.push_back({then.substr(0, space), then.substr(std::min(space + 1, then.size())), place});
  }

  Snapshot& snapshot_;
  std::vector<Problem>& problems_;
  std::map<std::pair<std::string, std::string>, std::string> claimed_;  // context and number to the section
};

}  // namespace

void add_sections(Snapshot& snapshot, std::vector<Problem>& problems) { Sections(snapshot, problems).add(); }

}  // namespace switchroom::config
