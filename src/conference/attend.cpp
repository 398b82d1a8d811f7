#include "conference/attend.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/digits.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "conference/rooms.hpp"
#include "dialplan/plan.hpp"
#include "sdp/negotiate.hpp"
#include "sounds/library.hpp"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

namespace switchroom::conference {
namespace {

using log::Level;
using log::Subsystem;

// What says that a volume or level was changed: higher, as it was, lower.
constexpr std::string_view up_tone = "tone_stream://%(60,40,880)";
constexpr std::string_view same_tone = "tone_stream://%(60,40,660)";
constexpr std::string_view down_tone = "tone_stream://%(60,40,440)";

constexpr auto hash_time = std::chrono::seconds(3);

std::string_view tone_of(int step) { return step > 0 ? up_tone : step < 0 ? down_tone : same_tone; }

/// One stay in one room. Lives in the frame of attend().
class Visit {
 public:
  Visit(call::Call& call, Rooms& rooms, Request request)
      : call_(call), rooms_(rooms), request_(std::move(request)) {}

  /// The room that comes next, if any.
  awaitable<std::optional<Request>> run() {
    if (!read_profile() || !co_await pass_door()) {
      co_return std::nullopt;
    }
    co_return co_await stay();
  }

 private:
  // -- before the room --
  bool read_profile() {
    const config::Conference* const found = rooms_.profile(request_.profile);
    if (found == nullptr) {
      log::line(Level::error, Subsystem::call, call_.uuid(), "conference {}: there is no [conferences.{}]",
                request_.room, request_.profile);
      conclude("no_profile");
      return false;
    }
    profile_ = *found;
    if (const Room* const room = rooms_.find(request_.room)) {
      profile_ = room->profile();
    } else {
      read_variables();
    }
    read_flags();
    return true;
  }

  /// What the dialplan sets of a room that this call opens.
  void read_variables() {
    const auto text = [&](const char* name, std::string& into) {
      if (std::string value = call_.value(name); !value.empty()) {
        into = value == "none" ? std::string() : std::move(value);
      }
    };
    const auto number = [&](const char* name, std::uint32_t& into) {
      const std::string value = call_.value(name);
      std::uint32_t parsed = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
      if (!value.empty() && error == std::errc() && end == value.data() + value.size()) {
        into = parsed;
      }
    };
    text("conference_enter_sound", profile_.enter_sound);
    text("conference_exit_sound", profile_.exit_sound);
    text("conference_moh_sound", profile_.moh_sound);
    text("conference_auto_record", profile_.auto_record);
    number("conference_max_members", profile_.max_members);
    number("conference_announce_count", profile_.announce_count);
    if (!request_.pin.empty()) {
      profile_.pin = request_.pin;
    }
    if (const std::string flags = call_.value("conference_flags"); !flags.empty()) {
      profile_.conference_flags.push_back(flags);
    }
  }

  void read_flags() {
    MemberFlags own;
    for (const std::string& text : {request_.flags, call_.value("conference_member_flags")}) {
      if (const auto read = add_flags(own, text); !read) {
        log::line(Level::warning, Subsystem::call, call_.uuid(), "conference {}: {}", request_.room,
                  read.error().what);
      }
    }
    flags_ = own;
    (void)add_flags(flags_, join_words(profile_.member_flags));
    if ((flags_.moderator || flags_.presenter) && !own.mute) {
      flags_.mute = false;
    }
  }

  awaitable<bool> pass_door() {
    const bool asked = !profile_.pin.empty() || !profile_.moderator_pin.empty();
    if (asked && !flags_.invited && !co_await ask_for_pin()) {
      co_return false;
    }
    const Room* const room = rooms_.find(request_.room);
    if (room != nullptr && room->locked() && !flags_.invited) {
      co_return co_await turn_away("locked", profile_.locked_sound);
    }
    if (room != nullptr && room->is_full() && !flags_.ghost) {
      co_return co_await turn_away("full", profile_.max_members_sound);
    }
    co_return !call_.ending();
  }

  awaitable<bool> turn_away(const char* result, std::string sound) {
    log::line(Level::info, Subsystem::call, call_.uuid(), "conference {}: turned away, {}", request_.room,
              result);
    conclude(result);
    if (!sound.empty()) {
      (void)co_await call::play_sounds(call_, std::move(sound), "");
    }
    co_return false;
  }

  /// Takes a PIN that is right; nothing when the dialplan has brought one along.
  bool take_pin(const std::string& typed) {
    if (!profile_.moderator_pin.empty() && typed == profile_.moderator_pin) {
      flags_.moderator = true;
      flags_.mute = false;
      return true;
    }
    return typed == profile_.pin;  // where there is none, # alone
  }

  awaitable<bool> ask_for_pin() {
    if (const std::string brought = call_.value("supplied_pin"); !brought.empty() && take_pin(brought)) {
      co_return true;
    }
    for (unsigned attempt = 0; attempt < profile_.pin_retries; ++attempt) {
      call::DigitRules rules;
      rules.most = std::max(profile_.pin.size(), profile_.moderator_pin.size());
      rules.between = std::chrono::seconds(5);
      const call::Typed typed = co_await call::ask_for_digits(call_, profile_.pin_sound, std::move(rules));
      if (typed.over) {
        co_return false;
      }
      const bool given = !typed.digits.empty() || typed.terminator != 0;
      if (given && take_pin(typed.digits)) {
        hash_until_ = typed.terminator != 0 ? base::Time() : base::Clock::now() + hash_time;
        co_return true;
      }
      if (!profile_.bad_pin_sound.empty()) {
        (void)co_await call::play_sounds(call_, profile_.bad_pin_sound, "");
      }
      if (typed.terminator == 0) {
        (void)call_.caller().keys().take_first_of("#");  // behind the last digit, which was enough
      }
    }
    log::line(Level::warning, Subsystem::call, call_.uuid(), "conference {}: no PIN of {} tries was right",
              request_.room, profile_.pin_retries);
    conclude("wrong_pin");
    co_return false;
  }

  void conclude(const char* result) { call_.variables().set("conference_result", result); }

  // -- in the room --
  /// Leaves the room whichever way the coroutine ends.
  class Stay {
   public:
    Stay(Room& room, Member& member) : room_(room), member_(member) { room_.enter(member_); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay() { room_.leave(member_); }

   private:
    Room& room_;
    Member& member_;
  };

  awaitable<std::optional<Request>> stay() {
    const bool opens = rooms_.find(request_.room) == nullptr;
    Room& room = rooms_.open(request_.room, profile_);
    Member member(call_, flags_);
    member.caller_number = call_.value("caller_id_number");
    member.caller_name = call_.value("caller_id_name");
    member.name_sound = call_.value("conference_name_sound");
    member.keys = KeyMatcher(keys_of(member));
    call_.variables().set("conference_name", room.name());
    call_.variables().set("conference_result", "");
    room_ = &room;
    member_ = &member;
    call_.caller().listen_for_keys(nullptr);
    std::optional<Stay> stay;
    stay.emplace(room, member);
    if (opens && !room.profile().auto_record.empty()) {
      room.record_from_beginning(call_.expanded(room.profile().auto_record));
    }
    call_.variables().set("conference_member_id", std::to_string(member.number));
    co_await mind();
    playback_.reset();
    stay.reset();
    room_ = nullptr;
    co_return co_await after(member);
  }

  Bindings keys_of(const Member& member) const {
    std::string group = member.flags.moderator ? profile_.moderator_controls : profile_.caller_controls;
    if (const std::string own = call_.value("conference_controls"); !own.empty()) {
      group = own;
    }
    return bindings_of(*rooms_.config(), group);
  }

  awaitable<void> mind() {
    note_hold();
    for (;;) {
      while (const auto event = call_.caller().next_event()) {
        call_.mind_alone(call_.caller(), *event);
        note_hold();
      }
      co_await obey_keys();
      if (call_.ending() || call_.is_transferred() || member_->leaving != Member::Leaving::no) {
        co_return;
      }
      if (!saying_ && !member_->said.empty()) {
        co_await say_next();
        continue;
      }
      (void)co_await call_.next_news(member_->keys.deadline().value_or(base::Time::max()));
    }
  }

  void note_hold() {
    const auto& plan = call_.caller().media().plan();
    room_->note_hold(*member_, plan && !sdp::sends(plan->direction));
  }

  awaitable<void> say_next() {
    std::string sounds = std::move(member_->said.front());
    member_->said.pop_front();
    auto names = call::parse_sounds(call_.expanded(sounds), call_.config(),
                                    call::language_of(call_.variables(), call_.config()));
    auto list = names ? co_await call::load_sounds(call_.services().sounds, std::move(*names),
                                                   call_.caller().media().sound_rate())
                      : base::result<media::PlayList>(names.error());
    media::Port* const port = call_.caller().media().port();
    if (!list || port == nullptr) {
      log::line(Level::error, Subsystem::call, call_.uuid(), "a sound cannot be played: {}",
                list ? "no sound was agreed on" : list.error().what);
      co_return;
    }
    saying_ = true;
    playback_ = port->play(std::move(*list), {.over = true}, [this] {
      saying_ = false;
      call_.wake();
    });
  }

  // -- keys --
  awaitable<void> obey_keys() {
    std::vector<Control> controls = member_->keys.on_time(base::Clock::now());
    while (const auto press = call_.caller().keys().next()) {
      if (press->phase == call::KeyPress::Phase::ended) {
        continue;
      }
      if (press->key == '#' && base::Clock::now() < std::exchange(hash_until_, base::Time())) {
        continue;  // it ends the PIN
      }
      room_->note_key(*member_, press->key);
      for (Control& one : member_->keys.press(press->key, base::Clock::now())) {
        controls.push_back(std::move(one));
      }
    }
    for (const Control& control : controls) {
      co_await obey(control);
    }
  }

  awaitable<void> obey(const Control& control) {
    using Act = Control::Act;
    Member& me = *member_;
    switch (control.act) {
      case Act::mute: room_->mute(me, !me.muted); break;
      case Act::deaf: room_->deafen(me, !me.deaf); break;
      case Act::deaf_mute: {
        const bool on = !(me.muted && me.deaf);
        room_->mute(me, on);
        room_->deafen(me, on);
        break;
      }
      case Act::energy: change_energy(control.step); break;
      case Act::talk_volume:
        room_->set_volumes(me, control.step == 0 ? 0 : me.talk_step + control.step, me.listen_step);
        me.say(std::string(tone_of(control.step)));
        break;
      case Act::listen_volume:
        room_->set_volumes(me, me.talk_step, control.step == 0 ? 0 : me.listen_step + control.step);
        me.say(std::string(tone_of(control.step)));
        break;
      case Act::hangup: me.leave(Member::Leaving::by_key); break;
      case Act::lock: room_->lock(!room_->locked()); break;
      case Act::mute_others: mute_others(true); break;
      case Act::unmute_others: mute_others(false); break;
      case Act::kick_last: kick_last(); break;
      case Act::transfer: call_.transfer(call::destination(call_.expanded(control.data))); break;
      case Act::execute:
        (void)co_await call_.run_step(dialplan::Step{control.data.substr(0, control.data.find(' ')),
                                                     argument_of(control.data), "conference key"});
        break;
      case Act::hand: room_->raise_hand(me, !me.hand); break;
      case Act::count: room_->say_count(me); break;
      case Act::record: toggle_recording(); break;
      case Act::event: break;
    }
  }

  static std::string argument_of(const std::string& text) {
    const auto space = text.find(' ');
    return space == std::string::npos ? std::string() : text.substr(space + 1);
  }

  void change_energy(int step) {
    const unsigned now = member_->energy_level;
    const unsigned next = step == 0  ? profile_.energy_level
                          : step > 0 ? std::min(now + energy_step, std::max(now, highest_energy))
                                     : now - std::min(now, energy_step);
    room_->set_energy(*member_, next);
    member_->say(std::string(tone_of(step)));
  }

  void mute_others(bool on) {
    for (Member* const one : room_->members()) {
      if (!one->flags.moderator) {
        room_->mute(*one, on);
      }
    }
  }

  void toggle_recording() {
    if (!room_->stop_recording("all").empty()) {
      return;
    }
    const std::string file =
        call_.expanded("conference/" + room_->name() + "_${strftime(%Y%m%d-%H%M%S)}.wav");
    if (const auto recorded = room_->record(file); !recorded) {
      log::line(Level::error, Subsystem::call, call_.uuid(), "{}", recorded.error().what);
    }
  }

  void kick_last() {
    if (room_->members().back() != member_) {
      room_->kick(*room_->members().back());
    }
  }

  // -- behind the room --
  awaitable<std::optional<Request>> after(const Member& member) {
    switch (member.leaving) {
      case Member::Leaving::kicked:
        conclude("kicked");
        if (!profile_.kicked_sound.empty() && !call_.ending()) {
          (void)co_await call::play_sounds(call_, profile_.kicked_sound, "");
        }
        break;
      case Member::Leaving::ended: conclude("ended"); break;
      case Member::Leaving::moved: {
        auto next = parse_request(member.next_room);
        if (next && !call_.ending()) {
          if (member.next_room.find('@') == std::string::npos) {
            next->profile = profile_.name;
          }
          MemberFlags kept = flags_;
          kept.invited = true;
          next->flags = text_of(kept);
          co_return std::move(*next);
        }
        break;
      }
      default: conclude("left"); break;
    }
    co_return std::nullopt;
  }

  call::Call& call_;
  Rooms& rooms_;
  Request request_;
  config::Conference profile_;  // as this call sees it; the room's own once it is there
  MemberFlags flags_;
  Room* room_ = nullptr;      // not owned; while it is there
  Member* member_ = nullptr;  // in the frame of stay()
  base::Time hash_until_;     // a # until then belongs to the PIN
  bool saying_ = false;
  std::unique_ptr<media::Playback> playback_;
};

}  // namespace

awaitable<void> attend(call::Call& call, Rooms& rooms, Request request) {
  if (!co_await call.answer()) {
    co_return;
  }
  std::optional<Request> next = std::move(request);
  while (next && !call.ending()) {
    Visit visit(call, rooms, std::move(*next));
    next = co_await visit.run();
  }
}

}  // namespace switchroom::conference
