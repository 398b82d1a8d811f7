#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

std::optional<int> status_in(std::string_view argument) {
  const auto status = whole_number(first_word(argument).first);
  return status && *status >= 300 && *status < 700 ? std::optional(static_cast<int>(*status)) : std::nullopt;
}

std::string check_respond(std::string_view argument, const config::Snapshot& /*config*/) {
  return is_computed(argument) || status_in(argument)
             ? ""
             : "it takes a SIP status from 300 to 699, such as 486 Busy Here";
}

awaitable<void> run_respond(call::Call& call, std::string argument) {
  const int status = status_in(argument).value_or(480);
  call.end_with(
      {sip::cause_of_status(status), status, std::string(first_word(argument).second), "switchroom"});
  co_return;
}

}  // namespace

Application respond() {
  return {"respond", "STATUS [REASON]",
          "Refuses an unanswered call with a SIP status from 300 to 699; an answered one ends.",
          check_respond, run_respond};
}

}  // namespace switchroom::apps
