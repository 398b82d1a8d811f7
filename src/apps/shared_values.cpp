// hash and db: texts that all calls share.
#include "values/shared_values.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/shared.hpp"

namespace switchroom::apps {
namespace {

std::string check_change(std::string_view argument, const config::Snapshot& /*config*/) {
  if (is_computed(argument)) {
    return {};
  }
  const auto command = values::parse_command(argument);
  if (!command) {
    return command.error().what;
  }
  const bool reads =
      command->verb == values::Command::Verb::select || command->verb == values::Command::Verb::exists;
  return reads ? "it changes values; ${hash(select/REALM/KEY)} and ${db(select/REALM/KEY)} read them" : "";
}

void change(call::Call& call, std::string_view application, values::SharedValues& all,
            const std::string& argument) {
  const auto command = values::parse_command(argument);
  const auto result = command ? all.execute(*command) : base::result<std::string>(command.error());
  call.variables().set(std::string(application) + "_result", result ? "success" : "failure");
  if (!result) {
    const auto level = command ? switchroom::log::Level::debug : switchroom::log::Level::error;
    switchroom::log::line(level, switchroom::log::Subsystem::dialplan, call.uuid(), "{} {}: {}", application,
                          argument, result.error().what);
  }
}

awaitable<void> run_hash(call::Call& call, std::string argument) {
  change(call, "hash", call.services().shared.hash, argument);
  co_return;
}

awaitable<void> run_db(call::Call& call, std::string argument) {
  change(call, "db", call.services().shared.database, argument);
  co_return;
}

}  // namespace

Application hash() {
  return {"hash", "insert/REALM/KEY/VALUE or delete/REALM/KEY",
          "Changes a value that all calls see: `${hash(select/REALM/KEY)}`. `insert_ifempty` and "
          "`delete_ifmatch` (with the value) change it on a condition; `hash_result` is `success` or "
          "`failure`. Gone with the process.",
          check_change, run_hash};
}

Application db() {
  return {"db", "insert/REALM/KEY/VALUE or delete/REALM/KEY",
          "The same, kept in `values.db` of `data_dir` beyond the process: `${db(select/REALM/KEY)}`, "
          "`db_result`.",
          check_change, run_db};
}

}  // namespace switchroom::apps
