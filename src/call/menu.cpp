#include "call/menu.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/digits.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "dialplan/menu_keys.hpp"

#include <fmt/core.h>

#include <memory>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::size_t deepest = 16;  // menus in menus
constexpr unsigned most_turns = 500;

/// One menu on the way that led to it.
struct Visit {
  const config::Menu* menu;                        // of the call's snapshot
  std::shared_ptr<const dialplan::MenuKeys> keys;  // shared: copied with the visit
  bool heard = false;
  unsigned wrong = 0;
  unsigned silent = 0;
};

/// A caller in a tree of menus. Lives in the frame of run_menu().
class MenuWalk {
 public:
  explicit MenuWalk(Call& call) : call_(call) {}

  bool enter(const std::string& name) {
    const auto found = call_.config().menus.find(name);
    if (found == call_.config().menus.end() || way_.size() >= deepest) {
      log::line(Level::error, Subsystem::dialplan, call_.uuid(), "menu {}: {}", name,
                way_.size() >= deepest ? "too many menus in menus" : "there is none of that name");
      return false;
    }
    way_.push_back({&found->second, std::make_shared<dialplan::MenuKeys>(found->second)});
    return true;
  }

  awaitable<void> run() {
    for (unsigned turn = 0; turn < most_turns && !way_.empty() && !is_over(); ++turn) {
      co_await one_turn();
    }
  }

 private:
  [[nodiscard]] bool is_over() const { return call_.leaving(); }

  awaitable<void> one_turn() {
    Visit& here = way_.back();
    const config::Menu& menu = *here.menu;
    const std::string greeting =
        here.heard && !menu.short_greeting.empty() ? menu.short_greeting : menu.greeting;
    here.heard = true;
    DigitRules rules;
    rules.most = menu.digits;
    rules.first = menu.timeout;
    rules.between = menu.digit_timeout;
    rules.terminators = here.keys->uses('#') ? "" : "#";
    rules.complete = [keys = here.keys](std::string_view typed) { return keys->is_complete(typed); };
    const Typed typed = co_await ask_for_digits(call_, call_.expanded(greeting), std::move(rules));
    if (typed.over) {
      co_return;
    }
    if (typed.digits.empty()) {
      if (++here.silent >= menu.timeouts) {
        co_await send_away(menu);
      }
      co_return;
    }
    const auto action = here.keys->action_of(typed.digits);
    if (!action) {
      co_await wrong_entry(here);
      co_return;
    }
    here.wrong = here.silent = 0;
    call_.variables().set("menu_entry", typed.digits);
    if (dialplan::is_menu_action(action->application) || menu.confirm_key.empty() ||
        co_await is_confirmed(menu)) {
      if (!is_over()) {
        co_await act(*action);
      }
    }
  }

  /// Another key than the one that says yes drops the entry, and so does silence in the end.
  awaitable<bool> is_confirmed(const config::Menu& menu) {
    for (unsigned attempt = 0; attempt < menu.confirm_tries && !is_over(); ++attempt) {
      DigitRules rules;
      rules.first = menu.timeout;
      rules.terminators = "";
      const Typed typed = co_await ask_for_digits(call_, call_.expanded(menu.confirm), std::move(rules));
      if (!typed.digits.empty()) {
        co_return typed.digits == menu.confirm_key;
      }
    }
    co_return false;
  }

  awaitable<void> wrong_entry(Visit& here) {
    const config::Menu& menu = *here.menu;
    if (!menu.invalid.empty()) {
      (void)co_await play_sounds(call_, call_.expanded(menu.invalid), "");
    }
    if (++here.wrong >= menu.tries) {
      co_await send_away(menu);
    }
  }

  awaitable<void> leave(const config::Menu& menu) {
    way_.clear();
    if (!menu.goodbye.empty()) {
      (void)co_await play_sounds(call_, call_.expanded(menu.goodbye), "");
    }
  }

  awaitable<void> send_away(const config::Menu& menu) {
    co_await leave(menu);
    if (call_.leaving()) {
      co_return;
    }
    if (menu.then.empty()) {
      call_.end_with({cause_by_name("NORMAL_CLEARING"), 0, {}, "switchroom"});
      co_return;
    }
    const auto step = dialplan::step_of(menu.then, "menus." + menu.name);
    (void)co_await call_.run_step(step);
  }

  awaitable<void> act(dialplan::Step step) {
    log::line(Level::debug, Subsystem::dialplan, call_.uuid(), "{}: {} {}", step.entry, step.application,
              step.argument);
    if (step.application == "menu") {
      (void)enter(call_.expanded(step.argument));
    } else if (step.application == "back") {
      way_.pop_back();
    } else if (step.application == "top") {
      way_.erase(way_.begin() + 1, way_.end());
    } else if (step.application == "exit") {
      co_await leave(*way_.back().menu);
    } else if (step.application == "transfer" && destination(step.argument).context.empty()) {
      const std::string number = dialplan::parse_destination(call_.expanded(step.argument)).number;
      call_.transfer(Destination{number, way_.back().menu->context});
    } else if (step.application != "repeat") {
      (void)co_await call_.run_step(step);
    }
  }

  Call& call_;
  std::vector<Visit> way_;
};

}  // namespace

awaitable<void> run_menu(Call& call, std::string name) {
  MenuWalk walk(call);
  if (walk.enter(name)) {
    co_await walk.run();
  }
}

std::string check_menu(const config::Menu& menu, const config::Snapshot& config) {
  for (const auto& [name, sounds] :
       {std::pair{"greeting", &menu.greeting}, std::pair{"short_greeting", &menu.short_greeting},
        std::pair{"invalid", &menu.invalid}, std::pair{"goodbye", &menu.goodbye},
        std::pair{"confirm", &menu.confirm}}) {
    if (sounds->empty() || sounds->find('$') != std::string::npos) {
      continue;
    }
    if (const auto wrong = check_sounds(*sounds, config); !wrong.empty()) {
      return fmt::format("{}: {}", name, wrong);
    }
  }
  return dialplan::check_menu_keys(menu, config);
}

}  // namespace switchroom::call
