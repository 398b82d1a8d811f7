#include "conference/attend.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "conference/door.hpp"
#include "conference/obey.hpp"
#include "conference/rooms.hpp"
#include "sdp/negotiate.hpp"
#include "sounds/library.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace switchroom::conference {
namespace {

using log::Level;
using log::Subsystem;

/// One stay in one room. Lives in the frame of attend().
class Visit {
 public:
  Visit(call::Call& call, Rooms& rooms, Request request)
      : call_(call), rooms_(rooms), request_(std::move(request)) {}

  /// The room that comes next, if any.
  awaitable<std::optional<Request>> run() {
    auto admission = co_await pass_door(call_, rooms_, request_);
    if (!admission) {
      co_return std::nullopt;
    }
    terms_ = std::move(*admission);
    co_return co_await stay();
  }

 private:
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
    Room& room = rooms_.open(request_.room, terms_.profile);
    Member member(call_, terms_.flags);
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
    std::string group =
        member.flags.moderator ? terms_.profile.moderator_controls : terms_.profile.caller_controls;
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
      if (press->key == '#' && base::Clock::now() < std::exchange(terms_.hash_until, base::Time())) {
        continue;  // it ends the PIN
      }
      room_->note_key(*member_, press->key);
      for (Control& one : member_->keys.press(press->key, base::Clock::now())) {
        controls.push_back(std::move(one));
      }
    }
    for (const Control& control : controls) {
      co_await obey(call_, *room_, *member_, control);
    }
  }

  // -- behind the room --
  awaitable<std::optional<Request>> after(const Member& member) {
    switch (member.leaving) {
      case Member::Leaving::kicked:
        conclude(call_, "kicked");
        if (!terms_.profile.kicked_sound.empty() && !call_.ending()) {
          (void)co_await call::play_sounds(call_, terms_.profile.kicked_sound, "");
        }
        break;
      case Member::Leaving::ended: conclude(call_, "ended"); break;
      case Member::Leaving::moved: {
        auto next = parse_request(member.next_room);
        if (next && !call_.ending()) {
          if (member.next_room.find('@') == std::string::npos) {
            next->profile = terms_.profile.name;
          }
          MemberFlags kept = terms_.flags;
          kept.invited = true;
          next->flags = text_of(kept);
          co_return std::move(*next);
        }
        break;
      }
      default: conclude(call_, "left"); break;
    }
    co_return std::nullopt;
  }

  call::Call& call_;
  Rooms& rooms_;
  Request request_;
  Admission terms_;
  Room* room_ = nullptr;      // not owned; while it is there
  Member* member_ = nullptr;  // in the frame of stay()
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
