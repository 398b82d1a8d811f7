#include "dialplan/menu_keys.hpp"

#include "config/suggestions.hpp"
#include "dialplan/captures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::dialplan {
namespace {

constexpr std::string_view all_keys = "0123456789*#ABCD";
constexpr std::array<std::string_view, 5> own_actions{"menu", "back", "top", "repeat", "exit"};

bool is_pattern(std::string_view keys) { return keys.starts_with('^'); }

}  // namespace

bool is_menu_action(std::string_view application) {
  return std::ranges::find(own_actions, application) != own_actions.end();
}

Step step_of(const std::string& text, std::string entry) {
  const auto space = std::min(text.find(' '), text.size());
  return {text.substr(0, space), text.substr(std::min(space + 1, text.size())), std::move(entry)};
}

MenuKeys::MenuKeys(const config::Menu& menu) : menu_(menu) {
  for (const auto& entry : menu.entries) {
    if (!is_pattern(entry.keys)) {
      continue;
    }
    if (auto pattern = Pattern::compile(entry.keys)) {
      patterns_.emplace_back(&entry, std::move(*pattern));
    }
  }
}

std::optional<Step> MenuKeys::action_of(std::string_view digits) const {
  const std::string where = "menus." + menu_.name;
  for (const auto& entry : menu_.entries) {
    if (entry.keys == digits) {
      return Step{entry.action.application, entry.action.argument, where};
    }
  }
  Search search;
  for (const auto& [entry, pattern] : patterns_) {
    Captures captures;
    if (pattern.fit(digits, search, captures) == Fit::fits) {
      return Step{entry->action.application, with_captures(entry->action.argument, captures), where};
    }
  }
  return std::nullopt;
}

bool MenuKeys::is_complete(std::string_view digits) const {
  Search search;
  return std::ranges::none_of(all_keys, [&](char next) {
    const std::string longer = std::string(digits) + next;
    const auto begins_so = [&](const config::Menu::Entry& entry) { return entry.keys.starts_with(longer); };
    const auto may_fit = [&](const auto& one) { return one.second.may_begin(longer, search); };
    return std::ranges::any_of(menu_.entries, begins_so) || std::ranges::any_of(patterns_, may_fit);
  });
}

bool MenuKeys::uses(char key) const {
  return std::ranges::any_of(menu_.entries, [&](const config::Menu::Entry& entry) {
    return !is_pattern(entry.keys) && entry.keys.find(key) != std::string::npos;
  });
}

std::string check_menu_keys(const config::Menu& menu, const config::Snapshot& config) {
  if (menu.confirm_key.empty() != menu.confirm.empty()) {
    return "confirm and confirm_key belong together: what is asked, and the key that says yes";
  }
  if (menu.confirm_key.find_first_not_of(all_keys) != std::string::npos) {
    return "confirm_key is one of 0 to 9, * and #";
  }
  for (const auto& [keys, action] : menu.entries) {
    if (is_pattern(keys)) {
      if (const auto pattern = Pattern::compile(keys); !pattern) {
        return fmt::format("keys.{}: bad pattern: {}", keys, pattern.error().what);
      }
    } else if (keys.find_first_not_of(all_keys) != std::string::npos || keys.size() > menu.digits) {
      return fmt::format(
          "keys.{}: keys are 0 to 9, * and #, at most `digits` of them; a pattern begins with ^", keys);
    }
    if (action.application == "menu" && !config.menus.contains(action.argument) &&
        action.argument.find('$') == std::string::npos) {
      return fmt::format("keys.{}: there is no menu \"{}\"{}", keys, action.argument,
                         config::did_you_mean(action.argument, config::names_of(config.menus)));
    }
  }
  return {};
}

}  // namespace switchroom::dialplan
