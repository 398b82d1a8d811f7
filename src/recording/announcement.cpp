// What people hear of being recorded: an announcement before it begins, a beep while it goes on.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"
#include "recording/call_recordings.hpp"

#include <utility>

namespace switchroom::recording {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto unknown_length = 60s;  // of a list with tones in it

base::Duration length_of(const media::PlayList& list) {
  base::Duration sum{};
  for (const media::PlayItem& item : list) {
    if (const auto* sound = std::get_if<media::SoundPtr>(&item)) {
      sum += (*sound)->length();
    } else if (const auto* silence = std::get_if<media::Silence>(&item)) {
      sum += silence->length;
    } else {
      return unknown_length;
    }
  }
  return sum;
}

/// 1400 Hz, a fifth of a second, quiet: what recorders of telephone calls have always sounded like.
media::ToneScript beep_tone() { return {{{{1400, 0, 0, 0}, -24, 200ms, 0ms}}, 1}; }

}  // namespace

/// Plays `consent`: to the caller (and to whom he talks with), or to the party that has just come.
awaitable<void> CallRecordings::announce(std::string id, bool to_caller) {
  call::Call* const asked = find_(id);
  if (asked == nullptr) {
    co_return;
  }
  const config::Recording& settings = asked->config().recording;
  auto names = call::parse_sounds(settings.consent, asked->config(),
                                  call::language_of(asked->variables(), asked->config()));
  constexpr unsigned rate = 16000;
  auto list = names ? co_await call::load_sounds(rooms_.sounds, std::move(*names), rate)
                    : base::result<media::PlayList>(names.error());
  // The call may have gone meanwhile, and its recordings with it.
  call::Call* const call = find_(id);
  const auto found = calls_.find(id);
  if (call == nullptr || found == calls_.end() || call->ending()) {
    co_return;
  }
  if (!list) {
    // Without its announcement nobody has agreed to anything.
    found->second.announced = false;
    while (!found->second.all.empty()) {
      fail(*call, *found->second.all.back(), "the announcement cannot be played: " + list.error().what);
    }
    co_return;
  }
  call::Leg* const partner = call->partner();
  if (partner != nullptr && (!to_caller || settings.consent_to == "both")) {
    play_announcement(found->second, *partner, *list, {});
  }
  if (to_caller) {
    const auto end = [this, id] { end_announcement(id); };
    play_announcement(found->second, call->own_leg(), *list, end);
    // Where something else is played meanwhile its end is never told.
    found->second.announcement_end = rooms_.timers.after(length_of(*list) + 1s, end);
  }
}

void CallRecordings::play_announcement(OfCall& of, call::Leg& leg, const media::PlayList& list,
                                       std::function<void()> on_end) {
  if (media::Port* const port = leg.media().port()) {
    of.announcements.push_back(port->play(list, {}, std::move(on_end)));
  }
}

void CallRecordings::end_announcement(const std::string& id) {
  const auto found = calls_.find(id);
  call::Call* const call = find_(id);
  if (call == nullptr || found == calls_.end() || found->second.announcement_over) {
    return;
  }
  found->second.announcement_over = true;
  rooms_.timers.cancel(std::exchange(found->second.announcement_end, 0));
  std::vector<One*> announced;
  for (const auto& one : found->second.all) {
    if (one->stage == Stage::announcing) {
      announced.push_back(one.get());
    }
  }
  for (One* one : announced) {
    begin(*call, *one);
  }
  call->wake();
}

awaitable<void> CallRecordings::announced(call::Call& call) {
  const auto is_announcing = [&] {
    const auto found = calls_.find(call.uuid());
    return found != calls_.end() && std::ranges::any_of(found->second.all, [](const auto& one) {
             return one->stage == Stage::announcing;
           });
  };
  while (is_announcing() && !call.ending()) {
    while (const auto event = call.caller().next_event()) {
      call.mind_alone(call.caller(), *event);
    }
    if (call.ending()) {
      co_return;
    }
    (void)co_await call.next_news();
  }
}

void CallRecordings::beep(const std::string& id) {
  const auto found = calls_.find(id);
  call::Call* const call = find_(id);
  if (call == nullptr || found == calls_.end()) {
    return;
  }
  const bool is_recorded = std::ranges::any_of(found->second.all, [](const auto& one) {
    return one->recording != nullptr && !one->recording->paused();
  });
  if (is_recorded) {
    call::Leg* const both[] = {&call->own_leg(), call->partner()};
    for (call::Leg* leg : both) {
      if (media::Port* const port = leg != nullptr ? leg->media().port() : nullptr) {
        port->chime(beep_tone());
      }
    }
  }
  found->second.beep = rooms_.timers.after(call->config().recording.beep, [this, id] { beep(id); });
}

}  // namespace switchroom::recording
