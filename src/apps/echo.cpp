#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

/// Undoes the echo also when the call is cancelled.
class Echo {
 public:
  explicit Echo(media::Port& port) : port_(port) { port_.echo(true); }
  ~Echo() { port_.echo(false); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

 private:
  media::Port& port_;
};

awaitable<void> run_echo(call::Call& call, std::string /*argument*/) {
  const bool answered = co_await call.answer();
  if (!answered || call.caller().media().port() == nullptr) {
    co_return;
  }
  const Echo echo(*call.caller().media().port());
  co_await call.idle_until(base::Time::max());
}

}  // namespace

Application echo() {
  return {"echo", "", "Answers and plays back to the caller what he says, until he hangs up.", check_nothing,
          run_echo};
}

}  // namespace switchroom::apps
