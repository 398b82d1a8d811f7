#include "call/playing.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"

#include <memory>
#include <utility>

namespace switchroom::call {

std::string_view terminators(std::string_view variable) {
  return variable.empty() ? "*" : variable == "any" ? "0123456789*#ABCD" : variable == "none" ? "" : variable;
}

awaitable<Played> play(Call& call, Leg& leg, media::PlayList list, std::string_view keys) {
  media::Port* const port = leg.media().port();
  if (port == nullptr || list.empty()) {
    co_return Played{};
  }
  if (const char key = leg.keys().take_first_of(keys)) {  // pressed ahead
    co_return Played{Played::How::by_key, key};
  }
  leg.listen_for_keys(nullptr);
  bool over = false;
  const unsigned interruptions = call.interruptions();
  const auto playback = port->play(std::move(list), {}, [&] {
    over = true;
    call.wake();
  });
  for (;;) {
    while (const auto event = leg.next_event()) {
      call.mind_alone(leg, *event);
    }
    if (call.leaving()) {
      co_return Played{Played::How::broken_off};
    }
    if (const char key = leg.keys().take_first_of(keys)) {
      co_return Played{Played::How::by_key, key};
    }
    if (over || call.interruptions() != interruptions) {  // what took its place has not brought it back
      co_return Played{};
    }
    (void)co_await call.next_news();
  }
}

awaitable<Played> play_sounds(Call& call, std::string sounds, std::string keys) {
  auto names = parse_sounds(sounds, call.config(), language_of(call.variables(), call.config()));
  auto list = names ? co_await load_sounds(call.services().sounds, std::move(*names),
                                           call.caller().media().sound_rate())
                    : base::result<media::PlayList>(names.error());
  if (!list) {
    log::line(log::Level::error, log::Subsystem::dialplan, call.uuid(), "a sound cannot be played: {}",
              list.error().what);
    co_return Played{};
  }
  co_return co_await play(call, call.caller(), std::move(*list), keys);
}

}  // namespace switchroom::call
