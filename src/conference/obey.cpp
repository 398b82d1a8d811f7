#include "conference/obey.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "conference/member.hpp"
#include "conference/room.hpp"
#include "dialplan/plan.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace switchroom::conference {
namespace {

// What says that a volume or level was changed: higher, as it was, lower.
constexpr std::string_view up_tone = "tone_stream://%(60,40,880)";
constexpr std::string_view same_tone = "tone_stream://%(60,40,660)";
constexpr std::string_view down_tone = "tone_stream://%(60,40,440)";

std::string_view tone_of(int step) { return step > 0 ? up_tone : step < 0 ? down_tone : same_tone; }

std::string argument_of(const std::string& text) {
  const auto space = text.find(' ');
  return space == std::string::npos ? std::string() : text.substr(space + 1);
}

void change_energy(Room& room, Member& member, int step) {
  const unsigned now = member.energy_level;
  const unsigned next = step == 0  ? room.profile().energy_level
                        : step > 0 ? std::min(now + energy_step, std::max(now, highest_energy))
                                   : now - std::min(now, energy_step);
  room.set_energy(member, next);
  member.say(std::string(tone_of(step)));
}

void mute_others(Room& room, bool on) {
  for (Member* const one : room.members()) {
    if (!one->flags.moderator) {
      room.mute(*one, on);
    }
  }
}

void toggle_recording(call::Call& call, Room& room) {
  if (!room.stop_recording("all").empty()) {
    return;
  }
  const std::string file = call.expanded("conference/" + room.name() + "_${strftime(%Y%m%d-%H%M%S)}.wav");
  if (const auto recorded = room.record(file); !recorded) {
    log::line(log::Level::error, log::Subsystem::call, call.uuid(), "{}", recorded.error().what);
  }
}

void kick_last(Room& room, const Member& member) {
  if (room.members().back() != &member) {
    room.kick(*room.members().back());
  }
}

}  // namespace

awaitable<void> obey(call::Call& call, Room& room, Member& member, const Control& control) {
  using Act = Control::Act;
  switch (control.act) {
    case Act::mute: room.mute(member, !member.muted); break;
    case Act::deaf: room.deafen(member, !member.deaf); break;
    case Act::deaf_mute: {
      const bool on = !(member.muted && member.deaf);
      room.mute(member, on);
      room.deafen(member, on);
      break;
    }
    case Act::energy: change_energy(room, member, control.step); break;
    case Act::talk_volume:
      room.set_volumes(member, control.step == 0 ? 0 : member.talk_step + control.step, member.listen_step);
      member.say(std::string(tone_of(control.step)));
      break;
    case Act::listen_volume:
      room.set_volumes(member, member.talk_step, control.step == 0 ? 0 : member.listen_step + control.step);
      member.say(std::string(tone_of(control.step)));
      break;
    case Act::hangup: member.leave(Member::Leaving::by_key); break;
    case Act::lock: room.lock(!room.locked()); break;
    case Act::mute_others: mute_others(room, true); break;
    case Act::unmute_others: mute_others(room, false); break;
    case Act::kick_last: kick_last(room, member); break;
    case Act::transfer: call.transfer(call::destination(call.expanded(control.data))); break;
    case Act::execute:
      (void)co_await call.run_step(dialplan::Step{control.data.substr(0, control.data.find(' ')),
                                                  argument_of(control.data), "conference key"});
      break;
    case Act::hand: room.raise_hand(member, !member.hand); break;
    case Act::count: room.say_count(member); break;
    case Act::record: toggle_recording(call, room); break;
    case Act::event: break;
  }
}

}  // namespace switchroom::conference
