#include "call/ringback.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"
#include "call/targets.hpp"
#include "dialplan/spellings.hpp"

#include <utility>

namespace switchroom::call {
namespace {

constexpr std::string_view usual_tone = "tone:ring";  // of the office's country

/// What is to be played, as sounds are named; empty: nothing.
template <class Value>
std::string wanted_sound(const Call& call, const Value& value) {
  std::string sound = value("ringback");
  if (call.answered_at()) {
    if (auto later = value("transfer_ringback"); !later.empty()) {
      sound = std::move(later);
    }
    if (sound.empty()) {
      sound = usual_tone;
    }
  }
  if (sound == "none") {
    return {};
  }
  return sound.starts_with("%(") ? "tone_stream:" + sound : sound;  // as FreeSWITCH writes it
}

}  // namespace

awaitable<void> Ringback::prepare(dialplan::Assignments for_all) {
  if (!call_.has_caller()) {
    co_return;
  }
  const Variables own = leg_variables(call_, for_all, {});
  const auto value = [&](std::string_view name) {
    auto text = own.value(name);
    return text.empty() ? call_.variables().value(name) : text;
  };
  const std::string wanted = wanted_sound(call_, value);
  auto names = parse_hold_music(wanted, call_.config());
  auto list = names ? co_await load_sounds(call_.services().sounds, std::move(*names),
                                           call_.caller().media().sound_rate())
                    : base::result<media::PlayList>(names.error());
  if (!list) {
    log::line(log::Level::error, log::Subsystem::call, call_.uuid(), "ringback: {}", list.error().what);
    co_return;
  }
  list_ = std::move(*list);
  if (call_.answered_at() || dialplan::is_true(value("instant_ringback"))) {
    (void)play();  // he hears nothing else
  }
}

bool Ringback::play() {
  if (list_.empty()) {
    return false;
  }
  if (tone_ == nullptr && call_.hear_early()) {
    if (media::Port* const port = call_.caller().media().port()) {
      tone_ = port->play(list_, {.loops = 0, .gain_db = 0, .over = false}, {});
    }
  }
  return tone_ != nullptr;
}

void Ringback::begin() {
  call_.mark_progress(false);
  if (!call_.has_caller() || early_ != nullptr) {
    return;  // a 180 now would make the caller's phone ring over the sound
  }
  if (!play()) {
    call_.caller().ring();
  }
}

bool Ringback::hear(Leg& leg) {
  Leg& caller = call_.caller();
  // Linked first, so that nothing is missing of what follows.
  if (!caller.media().open(leg.media().port())) {
    return false;
  }
  tone_.reset();
  early_ = call_.services().media.link(*caller.media().port(), *leg.media().port());
  if (caller.send_early_media(caller.media().codecs_with(leg.media().usable_codecs()))) {
    return true;
  }
  early_.reset();
  return false;
}

std::unique_ptr<media::Link> Ringback::take() {
  tone_.reset();
  return std::exchange(early_, nullptr);
}

}  // namespace switchroom::call
