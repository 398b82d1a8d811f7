#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

// An unknown cause would silently become another, so check names it.
const sip::Cause* cause_in(std::string_view argument) {
  if (const auto number = whole_number(argument)) {
    const auto& cause = sip::cause_of_q850(static_cast<int>(*number));
    return cause.number == static_cast<int>(*number) ? &cause : nullptr;
  }
  return sip::cause_named(argument.empty() ? "NORMAL_CLEARING" : argument);
}

std::string check_hangup(std::string_view argument, const config::Snapshot& /*config*/) {
  return is_computed(argument) || cause_in(argument) != nullptr
             ? ""
             : "there is no such cause; USER_BUSY or 17 would be one";
}

awaitable<void> run_hangup(call::Call& call, std::string argument) {
  const auto* cause = cause_in(argument);
  call.end_with({cause != nullptr ? *cause : call::cause_by_name("NORMAL_CLEARING"), 0, {}, "switchroom"});
  co_return;
}

}  // namespace

Application hangup() {
  return {"hangup", "CAUSE",
          "Ends the call with a cause, by name (USER_BUSY) or Q.850 number (17); NORMAL_CLEARING when none "
          "is given.",
          check_hangup, run_hangup};
}

}  // namespace switchroom::apps
