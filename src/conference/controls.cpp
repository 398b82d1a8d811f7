#include "conference/controls.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace switchroom::conference {
namespace {

using Act = Control::Act;
constexpr auto patience = std::chrono::milliseconds(1000);

struct Word {
  std::string_view text;
  Act act;
  int step;
};
constexpr std::array words{
    Word{"mute", Act::mute, 0},
    Word{"deaf", Act::deaf, 0},
    Word{"deaf mute", Act::deaf_mute, 0},
    Word{"energy up", Act::energy, 1},
    Word{"energy equ", Act::energy, 0},
    Word{"energy dn", Act::energy, -1},
    Word{"energy down", Act::energy, -1},
    Word{"vol talk up", Act::talk_volume, 1},
    Word{"vol talk zero", Act::talk_volume, 0},
    Word{"vol talk dn", Act::talk_volume, -1},
    Word{"vol talk down", Act::talk_volume, -1},
    Word{"vol listen up", Act::listen_volume, 1},
    Word{"vol listen zero", Act::listen_volume, 0},
    Word{"vol listen dn", Act::listen_volume, -1},
    Word{"vol listen down", Act::listen_volume, -1},
    Word{"hangup", Act::hangup, 0},
    Word{"lock", Act::lock, 0},
    Word{"mute non_moderator", Act::mute_others, 0},
    Word{"unmute non_moderator", Act::unmute_others, 0},
    Word{"kick last", Act::kick_last, 0},
    Word{"raise_hand", Act::hand, 0},
    Word{"count", Act::count, 0},
    Word{"record", Act::record, 0},
    Word{"event", Act::event, 0},
};

struct Bound {
  const char* keys;
  const char* action;
};
constexpr std::array members_keys{Bound{"0", "mute"},
                                  Bound{"*", "deaf mute"},
                                  Bound{"9", "energy up"},
                                  Bound{"8", "energy equ"},
                                  Bound{"7", "energy down"},
                                  Bound{"3", "vol talk up"},
                                  Bound{"2", "vol talk zero"},
                                  Bound{"1", "vol talk down"},
                                  Bound{"6", "vol listen up"},
                                  Bound{"5", "vol listen zero"},
                                  Bound{"4", "vol listen down"},
                                  Bound{"#", "hangup"}};
constexpr std::array moderators_keys{
    Bound{"0", "mute"},      Bound{"*", "deaf mute"},           Bound{"#", "hangup"},
    Bound{"*1", "lock"},     Bound{"*5", "mute non_moderator"}, Bound{"*6", "unmute non_moderator"},
    Bound{"*7", "kick last"}};

Bindings built_in(std::span<const Bound> keys) {
  Bindings bindings;
  for (const Bound& one : keys) {
    bindings.emplace_back(one.keys, *parse_control(one.action));
  }
  return bindings;
}

}  // namespace

base::result<Control> parse_control(std::string_view text) {
  const auto found = std::ranges::find(words, text, &Word::text);
  if (found != words.end()) {
    return Control{found->act, found->step, {}};
  }
  for (const auto& [verb, act] : {std::pair{std::string_view("transfer "), Act::transfer},
                                  std::pair{std::string_view("execute_application "), Act::execute}}) {
    if (text.starts_with(verb) && text.size() > verb.size()) {
      return Control{act, 0, std::string(text.substr(verb.size()))};
    }
  }
  std::string all;
  for (const Word& word : words) {
    if (!word.text.ends_with(" dn")) {
      all += std::string(word.text) + ", ";
    }
  }
  return base::Error{"\"" + std::string(text) + "\" is no control: they are " + all +
                     "transfer NUMBER [CONTEXT] and execute_application NAME ARGUMENT"};
}

bool has_group(const config::Snapshot& config, const std::string& group) {
  return group == "none" || group == "default" || group == "moderator" ||
         config.conference_controls.contains(group);
}

Bindings bindings_of(const config::Snapshot& config, const std::string& group) {
  const auto found = config.conference_controls.find(group);
  if (found == config.conference_controls.end()) {
    return group == "default"     ? built_in(members_keys)
           : group == "moderator" ? built_in(moderators_keys)
                                  : Bindings();
  }
  Bindings bindings;
  for (const auto& entry : found->second.entries) {
    if (auto control = parse_control(entry.action)) {
      bindings.emplace_back(entry.keys, std::move(*control));
    }
  }
  return bindings;
}

// -- presses -----------------------------------------------------------------------------------------

const Control* KeyMatcher::exact(std::string_view keys) const {
  const auto found = std::ranges::find_if(bindings_, [&](const auto& one) { return one.first == keys; });
  return found == bindings_.end() ? nullptr : &found->second;
}

bool KeyMatcher::goes_on(std::string_view keys) const {
  return std::ranges::any_of(bindings_, [&](const auto& one) {
    return one.first.size() > keys.size() && one.first.starts_with(keys);
  });
}

void KeyMatcher::flush(std::vector<Control>& controls) {
  if (const Control* const control = exact(typed_)) {
    controls.push_back(*control);
  }
  typed_.clear();
  deadline_.reset();
}

std::vector<Control> KeyMatcher::press(char key, base::Time now) {
  std::vector<Control> controls;
  const std::string longer = typed_ + key;
  if (!typed_.empty() && exact(longer) == nullptr && !goes_on(longer)) {
    flush(controls);  // what waited stands for itself
  }
  typed_ += key;
  if (goes_on(typed_)) {
    deadline_ = now + patience;
  } else {
    flush(controls);
  }
  return controls;
}

std::vector<Control> KeyMatcher::on_time(base::Time now) {
  std::vector<Control> controls;
  if (deadline_ && now >= *deadline_) {
    flush(controls);
  }
  return controls;
}

}  // namespace switchroom::conference
