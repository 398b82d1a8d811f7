#include "conference/room.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"
#include "conference/rooms.hpp"

#include <algorithm>

namespace switchroom::conference {
namespace {

using log::Level;
using log::Subsystem;

// Groups of the mix.
constexpr std::uint32_t conversation = 1;
constexpr std::uint32_t music = 2;

}  // namespace

Room::Room(Rooms& owner, std::uint64_t id, std::string name, config::Conference profile)
    : owner_(owner),
      id_(id),
      name_(std::move(name)),
      profile_(std::move(profile)),
      opened_(owner.needs().timers.now()),
      recordings_(owner.needs().recorder, owner.config()->pbx.data_dir / "recordings", profile_.rate,
                  [this](const media::TapSettings& settings) { return mix_->tap(settings, conversation); }) {
  (void)add_flags(flags_, join_words(profile_.conference_flags));
  waiting_ = flags_.wait_mod;
  mix_ = owner_.needs().media.mix({.rate = profile_.rate,
                                   .comfort_noise = profile_.comfort_noise,
                                   .sends_silence = flags_.waste_bandwidth});
  log::line(Level::info, Subsystem::call, {}, "conference {} opens, of profile {}", name_, profile_.name);
  tell("open", nullptr);
}

Room::~Room() {
  owner_.needs().timers.cancel(end_timer_);
  tell("close", nullptr);
  log::line(Level::info, Subsystem::call, {}, "conference {} closes", name_);
}

void Room::tell(const std::string& what, const Member* member, Fields more) {
  Fields fields{{"room", name_}};
  if (member != nullptr) {
    fields.emplace_back("member", std::to_string(member->number));
    fields.emplace_back("call", member->call.uuid());
    fields.emplace_back("caller", member->caller_number);
  }
  fields.insert(fields.end(), more.begin(), more.end());
  owner_.needs().events.publish("conference." + what, std::move(fields));
}

// -- coming and going --------------------------------------------------------------------------------

std::size_t Room::count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(members_, [](const Member* one) { return !one->flags.ghost; }));
}

bool Room::is_full() const { return profile_.max_members != 0 && count() >= profile_.max_members; }

void Room::enter(Member& member) {
  owner_.needs().timers.cancel(end_timer_);
  member.number = ++last_number_;
  member.since = owner_.needs().timers.now();
  member.energy_level = profile_.energy_level;
  member.muted = member.flags.mute;
  member.deaf = member.flags.deaf;
  members_.push_back(&member);
  was_two_ = was_two_ || count() > 1;
  if (media::Port* const port = member.call.caller().media().port()) {
    member.role = role_of(member);
    member.seat =
        mix_->join(*port, *member.role, [this, &member](bool talking) { on_talking(member, talking); });
  }
  tell(
      "join", &member,
      {{"name", member.caller_name}, {"flags", text_of(member.flags)}, {"members", std::to_string(count())}});
  if (member.flags.moderator && waiting_) {
    begin_conversation();
  }
  settle_all();
  greet(member);
}

/// The moderator is there.
void Room::begin_conversation() {
  waiting_ = false;
  tell("begin", nullptr);
  if (!auto_record_.empty()) {
    record_from_beginning(std::exchange(auto_record_, {}));
  }
}

void Room::greet(Member& member) {
  if (!member.flags.ghost && !waiting_) {
    announce_entry(member, profile_.enter_sound);
  }
  if (count() == 1 && !member.flags.ghost && !waiting_) {
    member.say(profile_.alone_sound);
  } else if (profile_.announce_count != 0 && count() >= profile_.announce_count) {
    say_count(member);
  }
}

void Room::announce_entry(const Member& member, const std::string& sound) {
  if (sound.empty() && member.name_sound.empty()) {
    return;
  }
  if (playings_.size() > 2) {
    return;  // many come at once: a few tones say it
  }
  const bool both = !sound.empty() && !member.name_sound.empty();
  announce(sound + (both ? "!" : "") + member.name_sound);
}

void Room::leave(Member& member) {
  member.seat.reset();
  std::erase(members_, &member);
  tell("leave", &member, {{"members", std::to_string(count())}});
  if (members_.empty()) {
    (void)stop_recording("all");
    owner_.close(*this);  // this room is gone
    return;
  }
  if (!member.flags.ghost && !waiting_ && !over_) {
    announce_entry(member, profile_.exit_sound);
  }
  check_end(member);
  settle_all();
  if (count() == 1 && was_two_ && !over_) {
    for (Member* const one : members_) {
      one->say(profile_.alone_sound);
    }
  }
}

void Room::check_end(const Member& gone) {
  const auto has = [&](bool MemberFlags::* flag) {
    return std::ranges::any_of(members_, [&](const Member* one) { return one->flags.*flag; });
  };
  if (gone.flags.endconf && !has(&MemberFlags::endconf)) {
    if (profile_.end_grace == 0) {
      return end();
    }
    end_timer_ = owner_.needs().timers.after(std::chrono::seconds(profile_.end_grace), [this] { end(); });
  }
  if (was_two_ && count() < 2 && (gone.flags.mintwo || has(&MemberFlags::mintwo))) {
    end();
  }
}

void Room::end() {
  if (over_) {
    return;
  }
  over_ = true;
  owner_.retire(*this);
  tell("end", nullptr);
  for (Member* const member : members_) {
    member->leave(Member::Leaving::ended);
  }
}

// -- who hears whom ----------------------------------------------------------------------------------

media::MixRole Room::role_of(const Member& member) const {
  media::MixRole role;
  const bool waits = waiting_ && !member.flags.moderator;
  const bool silent = member.muted || member.held;
  role.speaks = waits || silent ? 0 : conversation;
  role.hears = waits ? 0 : conversation;
  if ((waits || count() <= 1) && !member.flags.nomoh) {
    role.hears |= music;
  }
  if (member.deaf) {
    role.hears = 0;
  }
  role.gain_db = member.talk_step * decibels_of_step;
  role.listen_db = member.listen_step * decibels_of_step;
  role.energy_level = member.energy_level;
  role.ungated = flags_.audio_always;
  role.auto_gain = profile_.auto_gain_level;
  role.watched = member.flags.mute_detect && !member.held && !waits;
  return role;
}

void Room::settle(Member& member) {
  const media::MixRole role = role_of(member);
  if (member.seat != nullptr && member.role != role) {
    member.role = role;
    member.seat->change(role);
  }
}

void Room::settle_all() {
  for (Member* const member : members_) {
    settle(*member);
  }
  settle_music();
}

void Room::settle_music() {
  music_wanted_ = std::ranges::any_of(
      members_, [](const Member* one) { return one->role && (one->role->hears & music) != 0; });
  if (!music_wanted_) {
    music_.reset();
    return;
  }
  if (music_ != nullptr) {
    return;
  }
  if (!music_list_.empty()) {
    music_ = mix_->play(music_list_, {.loops = 0}, music, {});
  } else if (!asked_for_music_ && !profile_.moh_sound.empty()) {
    asked_for_music_ = true;
    owner_.load_music(*this);
  }
}

void Room::play_music(media::PlayList list) {
  music_list_ = std::move(list);
  settle_music();
}

void Room::on_talking(Member& member, bool talking) {
  if (member.muted) {
    if (talking && member.flags.mute_detect) {
      tell("mute-detect", &member);
      member.say(profile_.mute_detect_sound);
    }
    return;
  }
  if (member.talking != talking) {
    member.talking = talking;
    tell(talking ? "start-talking" : "stop-talking", &member);
  }
}

// -- sound -------------------------------------------------------------------------------------------

void Room::announce(std::string sounds) {
  if (!sounds.empty()) {
    owner_.announce_later(*this, std::move(sounds));
  }
}

void Room::play(media::PlayList list, const std::string& what) {
  const std::uint64_t number = ++last_playing_;
  playings_.push_back({number, nullptr});
  playings_.back().playback = mix_->play(std::move(list), {}, conversation, [this, number] {
    std::erase_if(playings_, [&](const Playing& one) { return one.number == number; });
  });
  log::line(Level::debug, Subsystem::call, {}, "conference {} hears {}", name_, what);
}

// -- recording ---------------------------------------------------------------------------------------

void Room::record_from_beginning(std::string file) {
  if (waiting_) {
    auto_record_ = std::move(file);
  } else if (const auto recorded = record(file); !recorded) {
    log::line(Level::error, Subsystem::call, {}, "conference {} is not recorded: {}", name_,
              recorded.error().what);
  }
}

base::result<std::string> Room::record(const std::string& file) {
  auto where = recordings_.start(file);
  if (where) {
    tell("record", nullptr, {{"file", *where}});
    announce(profile_.recording_started_sound);
  }
  return where;
}

std::vector<std::string> Room::stop_recording(std::string_view which) {
  std::vector<std::string> ended = recordings_.stop(which);
  for (const auto& file : ended) {
    tell("norecord", nullptr, {{"file", file}});
  }
  if (!ended.empty() && !members_.empty()) {
    announce(profile_.recording_stopped_sound);
  }
  return ended;
}

}  // namespace switchroom::conference
