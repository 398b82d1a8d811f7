#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

awaitable<void> run_ring_ready(call::Call& call, std::string /*argument*/) {
  call.caller().ring();
  call.mark_progress(false);
  co_return;
}

}  // namespace

Application ring_ready() {
  return {"ring_ready", "", "Lets the caller hear ringing (180).", check_nothing, run_ring_ready};
}

}  // namespace switchroom::apps
