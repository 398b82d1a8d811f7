// The table of dialplan applications: one small file each, one line each in table.cpp.
#pragma once

#include "base/asio.hpp"
#include "config/snapshot.hpp"

#include <span>
#include <string>
#include <string_view>

namespace switchroom::call {
class Call;
}

namespace switchroom::apps {

/// One dialplan application. `argument` has its variables replaced already.
struct Application {
  std::string_view name;
  std::string_view argument;  // for help: "SECONDS", "NAME=VALUE"
  std::string_view help;      // one sentence
  /// Why the argument as written in the file can never work, or empty. Variables are not replaced yet.
  std::string (*check)(std::string_view argument, const config::Snapshot& config);
  /// Runs on the call's coroutine; throws on cancellation alone.
  awaitable<void> (*run)(call::Call& call, std::string argument);
};

std::span<const Application> table();
const Application* find(std::string_view name);

/// For config::Checks: unknown applications (with the nearest name) and bad arguments, or empty.
std::string check_action(const config::Action& action, const config::Snapshot& config);

/// For call::RunStep. An application that vanished in a reload ends the call with a log line.
awaitable<void> run(call::Call& call, std::string_view name, std::string argument);

/// The reference of all applications in Markdown (docs/dialplan.md), from the table.
std::string reference();

}  // namespace switchroom::apps
