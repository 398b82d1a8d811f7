// Voice menus: a greeting, keys, and where they lead.
#pragma once

#include "base/asio.hpp"
#include "config/snapshot.hpp"

#include <string>

namespace switchroom::call {

class Call;

/// Runs the menu of that name until a key leads out of it: to another number, to the step behind the menu
/// (`exit`, `back` in the first menu), or, after too many wrong entries, to its `then`. On the call's
/// coroutine; the caller has been answered or hears early.
awaitable<void> run_menu(Call& call, std::string name);

/// Why a menu can never work, or empty: its sounds, keys, and the menus that they lead to. `actions` judges
/// applications (config::Checks::application).
std::string check_menu(const config::Menu& menu, const config::Snapshot& config);

}  // namespace switchroom::call
