// Somebody in a conference: state, and what waits to be said to him alone.
#pragma once

#include "base/clock.hpp"
#include "conference/controls.hpp"
#include "conference/flags.hpp"
#include "media/engine.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace switchroom::call {
class Call;
}

namespace switchroom::conference {

inline constexpr int most_steps = 4;          // of a volume, up and down
inline constexpr int decibels_of_step = 3;    // each
inline constexpr unsigned energy_step = 200;  // of the energy level
inline constexpr unsigned highest_energy = 1800;

/// Stands in the frame of its call's coroutine; the room knows it from enter() to leave(). Call thread.
struct Member {
  Member(call::Call& its_call, MemberFlags its_flags) : call(its_call), flags(its_flags) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  call::Call& call;
  MemberFlags flags;
  unsigned number = 0;  // within the room, from 1 on
  std::string caller_number;
  std::string caller_name;
  std::string name_sound;  // what announces it; may be empty
  base::Time since;

  bool muted = false;
  bool deaf = false;
  bool hand = false;  // it is raised
  bool held = false;  // the peer has put us on hold: what it sends is music
  bool talking = false;
  int talk_step = 0;
  int listen_step = 0;
  unsigned energy_level = 0;

  std::unique_ptr<media::MixSeat> seat;
  std::optional<media::MixRole> role;  // as the seat has it
  KeyMatcher keys{{}};

  /// How it is to leave, once that is decided.
  enum class Leaving : std::uint8_t { no, by_key, kicked, ended, moved };
  Leaving leaving = Leaving::no;
  std::string next_room;         // moved: ROOM[@PROFILE]
  std::deque<std::string> said;  // sounds that wait to be played to it

  /// Plays `sounds` to this member when what is playing has ended; too much of it is left out.
  void say(const std::string& sounds);
  void leave(Leaving how);
};

}  // namespace switchroom::conference
