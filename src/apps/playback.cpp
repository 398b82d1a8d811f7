#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

std::string check_playback(std::string_view argument, const config::Snapshot& config) {
  return is_computed(argument) ? std::string() : call::check_sounds(argument, config);
}

void fail(call::Call& call, const std::string& why) {
  switchroom::log::line(Level::error, Subsystem::dialplan, call.uuid(), "playback: {}", why);
  call.variables().set("playback_status", "failed");
}

awaitable<void> run_playback(call::Call& call, std::string argument) {
  call.variables().set("playback_terminator_used", "");
  auto names =
      call::parse_sounds(argument, call.config(), call::language_of(call.variables(), call.config()));
  if (!names) {
    fail(call, names.error().what);
    co_return;
  }
  if (!call.hear_early()) {
    fail(call, "the caller sent no offer, so it can hear nothing before it is answered");
    co_return;
  }
  auto list = co_await call::load_sounds(call.services().sounds, std::move(*names),
                                         call.caller().media().sound_rate());
  if (!list) {
    fail(call, list.error().what);
    co_return;
  }
  const std::string keys = call.variables().value("playback_terminators");
  const auto played = co_await call::play(call, call.caller(), std::move(*list), call::terminators(keys));
  call.variables().set("playback_status", "done");
  if (played.key != 0) {
    call.variables().set("playback_terminator_used", std::string(1, played.key));
  }
}

}  // namespace

Application playback() {
  return {
      "playback", "SOUND [! SOUND …]",
      "Plays to the caller, one after the other; before the call is answered as early media. A key of "
      "playback_terminators (`*`; `any`, `none`) ends it and is left in playback_terminator_used. What "
      "cannot be played is logged, and the next step runs with playback_status `failed`. A sound is a file "
      "(a relative one is seen from `[media] sounds`), a prompt, `say:TEXT`, `number:42` and its kin, "
      "`phrase:NAME,…`, `tone:busy`, `tone_stream:SCRIPT`, `silence:MS` or `music:NAME` (docs/sounds.md).",
      check_playback, run_playback};
}

}  // namespace switchroom::apps
