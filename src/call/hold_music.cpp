#include "call/hold_music.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"

#include <utility>

namespace switchroom::call {

awaitable<std::unique_ptr<media::Playback>> play_hold_music(Call& call, Leg& held) {
  std::string wanted = call.variables().value("hold_music");
  if (wanted.empty()) {
    wanted = held.media().hold_music();
  }
  auto names = parse_hold_music(wanted, call.config());
  if (names && names->empty()) {
    co_return nullptr;
  }
  auto list = names
                  ? co_await load_sounds(call.services().sounds, std::move(*names), held.media().sound_rate())
                  : base::result<media::PlayList>(names.error());
  if (!list) {
    log::line(log::Level::error, log::Subsystem::call, call.uuid(), "hold_music: {}", list.error().what);
    co_return nullptr;
  }
  // While it was loaded a partner of another call may have gone.
  const bool is_there = &held == &call.caller() || &held == call.partner();
  media::Port* const port = is_there ? held.media().port() : nullptr;
  if (port == nullptr) {
    co_return nullptr;
  }
  co_return port->play(std::move(*list), {.loops = 0, .gain_db = 0, .over = false}, {});
}

awaitable<void> HoldMusic::look() {
  const auto& plan = holder_.media().plan();
  const bool holds = plan && plan->on_hold();
  if (holds == holds_) {
    co_return;
  }
  holds_ = holds;
  music_.reset();
  if (holds) {
    music_ = co_await play_hold_music(call_, held_);
  }
}

}  // namespace switchroom::call
