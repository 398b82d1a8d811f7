#include "base/log.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"
#include "dialplan/spellings.hpp"

namespace switchroom::apps {
namespace {

std::string check_log(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() ? "it needs a text" : "";
}

awaitable<void> run_log(call::Call& call, std::string argument) {
  using switchroom::log::Level;
  const auto [word, rest] = first_word(argument);
  const auto level = dialplan::parse_log_level(word);
  switchroom::log::line(level.value_or(Level::info), switchroom::log::Subsystem::dialplan, call.uuid(), "{}",
                        level ? rest : std::string_view(argument));
  co_return;
}

}  // namespace

Application log() {
  return {"log", "[LEVEL] TEXT",
          "Writes a line to the log: debug, info, warning or error (NOTICE, WARNING, ERR, CRIT … are "
          "understood), "
          "info when no level is given.",
          check_log, run_log};
}

}  // namespace switchroom::apps
