#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

constexpr unsigned longest = 7U * 24 * 3600;

/// "+60 ALLOTTED_TIMEOUT": seconds from now, and the cause.
std::optional<unsigned> seconds_in(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const auto seconds = whole_number(text);
  return seconds && *seconds <= longest ? seconds : std::nullopt;
}

std::string check_sched_hangup(std::string_view argument, const config::Snapshot& /*config*/) {
  const auto [time, cause] = first_word(argument);
  if (!is_computed(time) && !seconds_in(time)) {
    return "it takes seconds from now and a cause: +3600 ALLOTTED_TIMEOUT";
  }
  if (!cause.empty() && !is_computed(cause) && sip::cause_named(cause) == nullptr) {
    return "there is no such cause: " + std::string(cause);
  }
  return {};
}

awaitable<void> run_sched_hangup(call::Call& call, std::string argument) {
  const auto [time, cause] = first_word(argument);
  if (const auto seconds = seconds_in(time)) {
    call.hang_up_after(std::chrono::seconds(*seconds),
                       call::cause_by_name(cause.empty() ? "ALLOTTED_TIMEOUT" : cause));
  }
  co_return;
}

}  // namespace

Application sched_hangup() {
  return {"sched_hangup", "+SECONDS [CAUSE]",
          "Ends the call so many seconds from now, whatever it does then; ALLOTTED_TIMEOUT unless a cause is "
          "given. A later one takes the place of an earlier one.",
          check_sched_hangup, run_sched_hangup};
}

}  // namespace switchroom::apps
