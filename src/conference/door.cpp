#include "conference/door.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/digits.hpp"
#include "call/playing.hpp"
#include "conference/rooms.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace switchroom::conference {
namespace {

using log::Level;
using log::Subsystem;

constexpr auto hash_time = std::chrono::seconds(3);

/// One call at one door. Lives in the frame of pass_door().
class Door {
 public:
  Door(call::Call& call, const Rooms& rooms, const Request& request)
      : call_(call), rooms_(rooms), request_(request) {}

  awaitable<std::optional<Admission>> pass() {
    if (!read_profile() || !co_await pass_gate()) {
      co_return std::nullopt;
    }
    co_return std::move(admission_);
  }

 private:
  bool read_profile() {
    const config::Conference* const found = rooms_.profile(request_.profile);
    if (found == nullptr) {
      log::line(Level::error, Subsystem::call, call_.uuid(), "conference {}: there is no [conferences.{}]",
                request_.room, request_.profile);
      conclude(call_, "no_profile");
      return false;
    }
    admission_.profile = *found;
    if (const Room* const room = rooms_.find(request_.room)) {
      admission_.profile = room->profile();
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
    text("conference_enter_sound", admission_.profile.enter_sound);
    text("conference_exit_sound", admission_.profile.exit_sound);
    text("conference_moh_sound", admission_.profile.moh_sound);
    text("conference_auto_record", admission_.profile.auto_record);
    number("conference_max_members", admission_.profile.max_members);
    number("conference_announce_count", admission_.profile.announce_count);
    if (!request_.pin.empty()) {
      admission_.profile.pin = request_.pin;
    }
    if (const std::string flags = call_.value("conference_flags"); !flags.empty()) {
      admission_.profile.conference_flags.push_back(flags);
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
    admission_.flags = own;
    (void)add_flags(admission_.flags, join_words(admission_.profile.member_flags));
    if ((admission_.flags.moderator || admission_.flags.presenter) && !own.mute) {
      admission_.flags.mute = false;
    }
  }

  awaitable<bool> pass_gate() {
    const bool asked = !admission_.profile.pin.empty() || !admission_.profile.moderator_pin.empty();
    if (asked && !admission_.flags.invited && !co_await ask_for_pin()) {
      co_return false;
    }
    const Room* const room = rooms_.find(request_.room);
    if (room != nullptr && room->locked() && !admission_.flags.invited) {
      co_return co_await turn_away("locked", admission_.profile.locked_sound);
    }
    if (room != nullptr && room->is_full() && !admission_.flags.ghost) {
      co_return co_await turn_away("full", admission_.profile.max_members_sound);
    }
    co_return !call_.ending();
  }

  awaitable<bool> turn_away(const char* result, std::string sound) {
    log::line(Level::info, Subsystem::call, call_.uuid(), "conference {}: turned away, {}", request_.room,
              result);
    conclude(call_, result);
    if (!sound.empty()) {
      (void)co_await call::play_sounds(call_, std::move(sound), "");
    }
    co_return false;
  }

  /// Takes a PIN that is right; nothing when the dialplan has brought one along.
  bool take_pin(const std::string& typed) {
    if (!admission_.profile.moderator_pin.empty() && typed == admission_.profile.moderator_pin) {
      admission_.flags.moderator = true;
      admission_.flags.mute = false;
      return true;
    }
    return typed == admission_.profile.pin;  // where there is none, # alone
  }

  awaitable<bool> ask_for_pin() {
    if (const std::string brought = call_.value("supplied_pin"); !brought.empty() && take_pin(brought)) {
      co_return true;
    }
    for (unsigned attempt = 0; attempt < admission_.profile.pin_retries; ++attempt) {
      call::DigitRules rules;
      rules.most = std::max(admission_.profile.pin.size(), admission_.profile.moderator_pin.size());
      rules.between = std::chrono::seconds(5);
      const call::Typed typed =
          co_await call::ask_for_digits(call_, admission_.profile.pin_sound, std::move(rules));
      if (typed.over) {
        co_return false;
      }
      const bool given = !typed.digits.empty() || typed.terminator != 0;
      if (given && take_pin(typed.digits)) {
        admission_.hash_until = typed.terminator != 0 ? base::Time() : base::Clock::now() + hash_time;
        co_return true;
      }
      if (!admission_.profile.bad_pin_sound.empty()) {
        (void)co_await call::play_sounds(call_, admission_.profile.bad_pin_sound, "");
      }
      if (typed.terminator == 0) {
        (void)call_.caller().keys().take_first_of("#");  // behind the last digit, which was enough
      }
    }
    log::line(Level::warning, Subsystem::call, call_.uuid(), "conference {}: no PIN of {} tries was right",
              request_.room, admission_.profile.pin_retries);
    conclude(call_, "wrong_pin");
    co_return false;
  }

  call::Call& call_;
  const Rooms& rooms_;
  const Request& request_;
  Admission admission_;
};

}  // namespace

awaitable<std::optional<Admission>> pass_door(call::Call& call, const Rooms& rooms, const Request& request) {
  Door door(call, rooms, request);
  co_return co_await door.pass();
}

void conclude(call::Call& call, const char* result) { call.variables().set("conference_result", result); }

}  // namespace switchroom::conference
