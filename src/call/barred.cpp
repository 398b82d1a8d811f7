#include "call/barred.hpp"

#include "call/call.hpp"
#include "call/playing.hpp"

namespace switchroom::call {

bool is_barred(const Ending& ending) {
  return ending.cause.name == "OUTGOING_CALL_BARRED" && ending.hung_up_by == "switchroom";
}

Ending barred() { return {cause_by_name("OUTGOING_CALL_BARRED"), 0, {}, "switchroom"}; }

awaitable<void> say_barred(Call& call) {
  if (call.has_caller() && call.hear_early()) {
    co_await play_sounds(call, "tone_stream:%(330,15,950);%(330,15,1400);%(330,500,1800)", "none");
    co_await play_sounds(call, "say:You are not permitted to call this number.", "none");
  }
}

}  // namespace switchroom::call
