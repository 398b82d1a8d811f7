#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"
#include "call/menu.hpp"

namespace switchroom::apps {
namespace {

std::string check_ivr(std::string_view argument, const config::Snapshot& config) {
  return is_computed(argument) || config.menus.contains(std::string(argument))
             ? std::string()
             : "there is no [menus." + std::string(argument) + "]";
}

awaitable<void> run_ivr(call::Call& call, std::string argument) {
  if (call.hear_early()) {
    co_await call::run_menu(call, std::move(argument));
  }
}

}  // namespace

Application ivr() {
  return {"ivr", "MENU", "Runs the menu of `[menus.MENU]`; the next step runs when a key says `exit`.",
          check_ivr, run_ivr};
}

}  // namespace switchroom::apps
