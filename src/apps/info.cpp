#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

awaitable<void> run_info(call::Call& call, std::string /*argument*/) {
  for (const auto& [name, value] : call.variables().all()) {
    switchroom::log::line(switchroom::log::Level::info, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "{}: {}", name, value);
  }
  co_return;
}

}  // namespace

Application info() {
  return {"info", "", "Writes all variables of the call to the log.", check_nothing, run_info};
}

}  // namespace switchroom::apps
