// Which entry of a menu a caller has chosen. Pure.
#pragma once

#include "config/snapshot.hpp"
#include "dialplan/pattern.hpp"
#include "dialplan/plan.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::dialplan {

/// One menu's keys. `menu` outlives it.
class MenuKeys {
 public:
  explicit MenuKeys(const config::Menu& menu);
  /// What these digits do: keys as written go before patterns, patterns in the file's order, with $0 to $9.
  [[nodiscard]] std::optional<Step> action_of(std::string_view digits) const;
  /// Is there no key that could follow, be it an entry or a wrong one?
  [[nodiscard]] bool is_complete(std::string_view digits) const;
  /// Is the key part of an entry, and so no end of the input?
  [[nodiscard]] bool uses(char key) const;

 private:
  const config::Menu& menu_;
  std::vector<std::pair<const config::Menu::Entry*, Pattern>> patterns_;
};

/// "transfer 1009" as a step.
Step step_of(const std::string& text, std::string entry);

/// What is wrong with the keys themselves and with `menu NAME`, `back`, `top`, `repeat`, `exit`; or empty.
std::string check_menu_keys(const config::Menu& menu, const config::Snapshot& config);

/// Is the action one that the menu itself understands, and no application?
bool is_menu_action(std::string_view application);

}  // namespace switchroom::dialplan
