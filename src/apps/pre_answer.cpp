#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

awaitable<void> run_pre_answer(call::Call& call, std::string /*argument*/) {
  (void)call.hear_early();
  co_return;
}

}  // namespace

Application pre_answer() {
  return {"pre_answer", "",
          "Opens the way for sound to the caller (183) without answering; what is played then costs nothing.",
          check_nothing, run_pre_answer};
}

}  // namespace switchroom::apps
