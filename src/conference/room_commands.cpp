// Room: what keys, commands and other members do to a member.
#include "call/call.hpp"
#include "conference/room.hpp"
#include "conference/rooms.hpp"

#include <fmt/core.h>

#include <charconv>

namespace switchroom::conference {
namespace {

std::string with(std::string sounds, std::string_view name, std::size_t value) {
  for (auto at = sounds.find(name); at != std::string::npos; at = sounds.find(name, at)) {
    sounds.replace(at, name.size(), std::to_string(value));
  }
  return sounds;
}

/// How many others are there, in the words of the prompts.
std::string count_prompts(std::size_t others) {
  return others == 1
             ? "conference/conf-onlyone.wav"
             : fmt::format("conference/conf-thereare.wav!number:{}!conference/conf-otherinparty.wav", others);
}

}  // namespace

base::result<std::vector<Member*>> Room::select(std::string_view who) const {
  std::vector<Member*> found;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(who.data(), who.data() + who.size(), number);
  const bool numeric = error == std::errc() && end == who.data() + who.size();
  for (Member* const member : members_) {
    const bool wanted = who == "all" || (numeric && member->number == number) ||
                        (who == "non_moderator" && !member->flags.moderator);
    if (wanted) {
      found.push_back(member);
    }
  }
  if (who == "last" && !members_.empty()) {
    found.push_back(members_.back());
  }
  if (found.empty() && (numeric || (who != "all" && who != "non_moderator" && who != "last"))) {
    return base::Error{
        fmt::format("conference {} has no member {}: a number of `conference show {}`, all, "
                    "non_moderator or last",
                    name_, who, name_)};
  }
  return found;
}

void Room::mute(Member& member, bool on, bool told) {
  if (member.muted == on) {
    return;
  }
  if (on && member.talking) {
    on_talking(member, false);
  }
  member.muted = on;
  settle(member);
  if (!on && member.hand) {
    raise_hand(member, false);
  }
  tell(on ? "mute" : "unmute", &member);
  if (told) {
    member.say(on ? profile_.muted_sound : profile_.unmuted_sound);
  }
}

void Room::deafen(Member& member, bool on) {
  if (member.deaf == on) {
    return;
  }
  member.deaf = on;
  settle_all();
  tell(on ? "deaf" : "undeaf", &member);
  member.say(on ? profile_.deaf_sound : profile_.undeaf_sound);
}

void Room::kick(Member& member) {
  tell("kick", &member);
  member.leave(Member::Leaving::kicked);
}

void Room::lock(bool on) {
  if (locked_ == on) {
    return;
  }
  locked_ = on;
  tell(on ? "lock" : "unlock", nullptr);
  announce(on ? profile_.is_locked_sound : profile_.is_unlocked_sound);
}

void Room::raise_hand(Member& member, bool on) {
  if (member.hand == on) {
    return;
  }
  member.hand = on;
  tell(on ? "raise-hand" : "lower-hand", &member);
  for (Member* const one : members_) {
    if (one->flags.moderator && one != &member) {
      one->say(on ? profile_.hand_raised_sound : profile_.hand_lowered_sound);
    }
  }
}

void Room::set_energy(Member& member, unsigned level) {
  member.energy_level = level;
  settle(member);
  tell("energy", &member, {{"level", std::to_string(level)}});
}

void Room::set_volumes(Member& member, int talk, int listen) {
  member.talk_step = std::clamp(talk, -most_steps, most_steps);
  member.listen_step = std::clamp(listen, -most_steps, most_steps);
  settle(member);
  tell("volume", &member,
       {{"talk", std::to_string(member.talk_step)}, {"listen", std::to_string(member.listen_step)}});
}

void Room::transfer(Member& member, const std::string& room) {
  tell("transfer", &member, {{"to", room}});
  member.next_room = room;
  member.leave(Member::Leaving::moved);
}

void Room::note_hold(Member& member, bool held) {
  if (member.held != held) {
    member.held = held;
    if (held && member.talking) {
      on_talking(member, false);
    }
    settle(member);
    tell(held ? "hold" : "unhold", &member);
  }
}

void Room::note_key(const Member& member, char key) { tell("key", &member, {{"key", std::string(1, key)}}); }

void Room::say_count(Member& member) {
  const std::size_t all = count();
  const std::size_t others = all - (member.flags.ghost || all == 0 ? 0 : 1);
  if (!profile_.count_sound.empty()) {
    member.say(with(with(profile_.count_sound, "${count}", all), "${others}", others));
  } else {
    member.say(others == 0 ? profile_.alone_sound : count_prompts(others));
  }
}

}  // namespace switchroom::conference
