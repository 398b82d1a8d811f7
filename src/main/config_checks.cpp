#include "main/config_checks.hpp"

#include "apps/application.hpp"
#include "call/menu.hpp"
#include "call/sounds.hpp"
#include "call/variable_check.hpp"
#include "conference/check.hpp"
#include "dialplan/menu_keys.hpp"
#include "dialplan/plan.hpp"
#include "dialplan/reach.hpp"
#include "dialplan/schedule.hpp"
#include "sounds/music.hpp"
#include "tolls/permission.hpp"

#include <string>
#include <vector>

namespace switchroom::main {
namespace {

std::string check_menu(const config::Menu& menu, const config::Snapshot& config) {
  if (std::string wrong = call::check_menu(menu, config); !wrong.empty()) {
    return wrong;
  }
  std::vector<config::Action> actions;
  actions.reserve(menu.entries.size());
  for (const auto& entry : menu.entries) {
    actions.push_back(entry.action);
  }
  if (!menu.then.empty()) {
    const auto step = dialplan::step_of(menu.then, {});
    actions.push_back({step.application, step.argument, menu.place});
  }
  for (const auto& action : actions) {
    if (dialplan::is_menu_action(action.application)) {
      continue;
    }
    if (std::string wrong = apps::check_action(action, config); !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

}  // namespace

config::Checks config_checks() {
  config::Checks checks;
  checks.application = apps::check_action;
  checks.hold_music = call::check_hold_music;
  checks.music = sounds::check_music;
  checks.condition = dialplan::check_condition;
  checks.hours = dialplan::check_hours;
  checks.menu = check_menu;
  checks.reaches = dialplan::may_reach;
  checks.conferences = conference::check;
  checks.toll = tolls::check_word;
  checks.country = tolls::check_country;
  checks.variable = [](const std::string& name, const std::string& value) {
    return call::check_variable(name, value);
  };
  return checks;
}

}  // namespace switchroom::main
