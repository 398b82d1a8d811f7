#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

awaitable<void> run_answer(call::Call& call, std::string /*argument*/) { (void)co_await call.answer(); }

}  // namespace

Application answer() {
  return {"answer", "", "Answers the call; nothing when it is answered already.", check_nothing, run_answer};
}

}  // namespace switchroom::apps
