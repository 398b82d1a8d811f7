#include "config/checks_destinations.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace switchroom::config {
namespace {

std::pair<std::string, std::string_view> first_word(std::string_view text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto rest = text.substr(end);
  return {std::string(text.substr(0, end)), rest.substr(std::min(rest.find_first_not_of(' '), rest.size()))};
}

/// "1001", "1001 default", "1001 XML default".
std::pair<std::string, std::string> destination(std::string_view text) {
  auto [number, rest] = first_word(text);
  auto [second, third] = first_word(rest);
  return {std::move(number), second == "XML" ? std::string(third) : second};
}

/// A check shall not take long, however large the file: beyond so many rules to try the rest is let through.
constexpr std::size_t most_tries = 200'000;

class Destinations {
 public:
  Destinations(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems)
      : snapshot_(snapshot), checks_(checks), problems_(problems) {}

  void look_at(const Action& action, const std::string& context, const std::string& key) {
    if (action.application == "transfer" || action.application == "execute_extension") {
      look_at_number(action.argument, context, key, action.place);
    }
  }
  void look_at_text(const std::string& text, const std::string& context, const std::string& key,
                    const Place& place) {
    const auto [application, argument] = first_word(text);
    look_at({application, std::string(argument), place}, context, key);
  }
  void look_at_number(const std::string& text, const std::string& context, const std::string& key,
                      const Place& place) {
    if (text.empty() || text.front() == '-' || text.find('$') != std::string::npos) {
      return;  // only the call will know
    }
    const auto [number, other] = destination(text);
    const std::string& where = other.empty() ? context : other;
    if (!reaches(where, number)) {
      problems_.push_back(
          {place, key,
           fmt::format("{} leads nowhere: no entry of [[contexts.{}]] can match it", number, where)});
    }
  }
  /// Of an entry, or of one of its cases at any depth.
  template <class Branch>
  void look_at_branch(const Branch& branch, const std::string& context, const std::string& path) {
    look_at_all(branch.actions, context, path + ".do");
    look_at_all(branch.otherwise, context, path + ".else");
    for (const Case& one : branch.cases) {
      look_at_branch(one, context, path + ".cases");
    }
  }

 private:
  void look_at_all(const std::vector<Action>& actions, const std::string& context, const std::string& key) {
    for (const Action& action : actions) {
      look_at(action, context, key);
    }
  }

  bool reaches(const std::string& context, const std::string& number) {
    const auto entries = snapshot_.contexts.find(context);
    if (entries == snapshot_.contexts.end() || tried_ > most_tries) {
      return true;  // another check tells of a context that there is not
    }
    const auto [answer, is_new] = answers_.insert({{context, number}, true});
    if (is_new) {
      tried_ += entries->second.size();
      answer->second = checks_.reaches(context, number, snapshot_);
    }
    return answer->second;
  }

  const Snapshot& snapshot_;
  const Checks& checks_;
  std::map<std::pair<std::string, std::string>, bool> answers_;  // by context and number
  std::size_t tried_ = 0;
  std::vector<Problem>& problems_;
};

}  // namespace

void check_destinations(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems) {
  if (!checks.reaches) {
    return;
  }
  Destinations destinations(snapshot, checks, problems);
  for (const auto& [context, entries] : snapshot.contexts) {
    const std::string path = "contexts." + context;
    for (const ContextEntry& entry : entries) {
      destinations.look_at_branch(entry, context, path);
    }
  }
  for (const auto& [name, menu] : snapshot.menus) {
    for (const auto& entry : menu.entries) {
      destinations.look_at(entry.action, menu.context, "menus." + name + ".keys." + entry.keys);
    }
    destinations.look_at_text(menu.then, menu.context, "menus." + name + ".then", menu.place);
  }
}

}  // namespace switchroom::config
