// A conference room, from the first who comes to the last who leaves.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/timers.hpp"
#include "conference/flags.hpp"
#include "conference/member.hpp"
#include "conference/recordings.hpp"
#include "config/snapshot.hpp"
#include "media/engine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::conference {

class Rooms;

/// Call thread. Owned by Rooms.
class Room {
 public:
  /// `config` is that of the moment when it opens; the room keeps it.
  Room(Rooms& owner, std::uint64_t id, std::string name, config::Conference profile);
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room();

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const config::Conference& profile() const { return profile_; }
  [[nodiscard]] const RoomFlags& flags() const { return flags_; }
  [[nodiscard]] base::Time opened() const { return opened_; }
  [[nodiscard]] bool locked() const { return locked_; }
  [[nodiscard]] bool waits_for_moderator() const { return waiting_; }
  /// Members that are counted: all but ghosts.
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] const std::vector<Member*>& members() const { return members_; }
  [[nodiscard]] bool is_full() const;
  [[nodiscard]] bool over() const { return over_; }  // it lets go of its members

  /// The flags that a call brings along are added to those of the profile.
  void enter(Member& member);
  void leave(Member& member);

  // -- what members, keys and commands do --
  /// "3", "all", "non_moderator", "last"; the error says whom there is.
  [[nodiscard]] base::result<std::vector<Member*>> select(std::string_view who) const;
  void mute(Member& member, bool on, bool told = true);
  void deafen(Member& member, bool on);
  void kick(Member& member);
  void lock(bool on);
  void raise_hand(Member& member, bool on);
  void set_energy(Member& member, unsigned level);
  void set_volumes(Member& member, int talk, int listen);
  void transfer(Member& member, const std::string& room);
  void end();
  /// The peer put us on hold, or took us back.
  void note_hold(Member& member, bool held);
  void note_key(const Member& member, char key);
  void say_count(Member& member);

  // -- sound --
  /// Plays what is named to all who are talking with each other.
  void announce(std::string sounds);
  void play(media::PlayList list, const std::string& what);
  void stop_playing() { playings_.clear(); }
  /// Music for those who wait, loaded when it is first needed.
  void play_music(media::PlayList list);

  /// Recorded into this file from when the conversation begins, with the first member or the moderator.
  void record_from_beginning(std::string file);
  base::result<std::string> record(const std::string& file);
  /// "all" or a file; the files that are complete now.
  std::vector<std::string> stop_recording(std::string_view which);
  [[nodiscard]] std::vector<std::string> recordings() const { return recordings_.files(); }
  [[nodiscard]] bool wants_music() const { return music_wanted_; }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  void tell(const std::string& what, const Member* member, Fields more = {});
  [[nodiscard]] media::MixRole role_of(const Member& member) const;
  void settle(Member& member);
  void settle_all();
  void settle_music();
  void begin_conversation();
  void on_talking(Member& member, bool talking);
  void greet(Member& member);
  void announce_entry(const Member& member, const std::string& sound);
  void check_end(const Member& gone);

  Rooms& owner_;
  std::uint64_t id_;
  std::string name_;
  config::Conference profile_;
  RoomFlags flags_;
  base::Time opened_;
  bool locked_ = false;
  bool waiting_ = false;  // for a moderator
  bool over_ = false;
  bool was_two_ = false;  // more than one has been here
  bool music_wanted_ = false;
  bool asked_for_music_ = false;
  unsigned last_number_ = 0;
  std::vector<Member*> members_;  // not owned; in the order of their coming
  std::unique_ptr<media::Mix> mix_;
  struct Playing {
    std::uint64_t number = 0;
    std::unique_ptr<media::Playback> playback;
  };
  std::uint64_t last_playing_ = 0;
  std::vector<Playing> playings_;
  media::PlayList music_list_;
  std::unique_ptr<media::Playback> music_;
  base::TimerId end_timer_ = 0;
  std::string auto_record_;  // until it begins
  Recordings recordings_;    // behind the mix, which its taps are of
};

}  // namespace switchroom::conference
