// park, valet_park, unpark: waiting in a numbered slot, and taking who waits there.
#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/bridge.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"
#include "call/events.hpp"
#include "call/hold_music.hpp"
#include "call/meeting.hpp"
#include "call/parking.hpp"
#include "call/playing.hpp"
#include "call/shared.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

constexpr unsigned longest_wait = 24U * 3600;  // s
constexpr std::size_t longest_slot = 32;

struct Stay {
  std::string slot;  // empty: none in particular; "auto": the first that is free
  base::Duration timeout{};
  std::string then;
};

bool is_slot(std::string_view text) {
  return !text.empty() && text.size() <= longest_slot && text.front() != '-' &&
         text.find_first_of("/, ") == std::string_view::npos;
}

/// "[SLOT|auto [SECONDS [NUMBER [CONTEXT]]]]".
base::result<Stay> stay_in(std::string_view argument, const config::Snapshot& config) {
  const auto part = words(argument);
  Stay stay{{}, config.parking.timeout, {}};
  if (part.empty()) {
    return stay;
  }
  if (!is_slot(part[0])) {
    return base::Error{fmt::format("\"{}\" is not the name of a slot", part[0])};
  }
  stay.slot = part[0];
  if (stay.slot == "auto" && config.parking.slots.empty()) {
    return base::Error{"auto takes a slot of [parking] slots, and there are none"};
  }
  if (part.size() > 1) {
    const auto seconds = whole_number(part[1]);
    if (!seconds || *seconds > longest_wait) {
      return base::Error{fmt::format("\"{}\" is not the seconds that the call waits at most", part[1])};
    }
    stay.timeout = std::chrono::seconds(*seconds);
  }
  for (std::size_t i = 2; i < part.size(); ++i) {
    stay.then += (stay.then.empty() ? "" : " ") + part[i];
  }
  return stay;
}

std::string check_park(std::string_view argument, const config::Snapshot& config) {
  const auto stay = stay_in(argument, config);
  return stay || is_computed(argument) ? std::string() : stay.error().what;
}

void tell(call::Call& call, const call::Parked& parked, const char* what) {
  call.services().events.publish(std::string("park.") + what, {{"call", call.uuid()},
                                                               {"slot", parked.slot},
                                                               {"caller", call.record().caller_id_number},
                                                               {"parked_by", parked.parked_by}});
}

std::string free_slot(const call::ParkingLot& lot, const config::Snapshot& config) {
  const auto& slots = config.parking.slots;
  const auto found =
      std::ranges::find_if(slots, [&](const std::string& slot) { return lot.find(slot) == nullptr; });
  return found == slots.end() ? std::string() : *found;
}

/// Music until somebody takes the call, it ends, or time is over.
awaitable<void> wait(call::Call& call, const call::Parked& parked, base::Time deadline) {
  const auto music = co_await call::play_hold_music(call, call.caller());
  while (parked.meeting == nullptr && !call.leaving()) {
    while (const auto event = call.caller().next_event()) {
      call.mind_alone(call.caller(), *event);
    }
    if (call.leaving() || !co_await call.next_news(deadline)) {
      break;
    }
  }
}

/// Rings who parked the call; true when they have talked.
awaitable<bool> ring_back(call::Call& call, const std::string& extension) {
  switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "nobody took the call: back to {}",
                        extension);
  call.variables().set("effective_caller_id_name", "Back: " + call.record().caller_id_number);
  call::DialResult dialled = co_await call::dial(call, "user/" + extension);
  if (dialled.winner == nullptr) {
    co_return false;
  }
  co_await call::talk(call, *dialled.winner, std::move(dialled.sound));
  co_return true;
}

awaitable<void> leave_after_timeout(call::Call& call, const call::Parked& parked, const Stay& stay) {
  tell(call, parked, "timeout");
  if (!parked.parked_by.empty() && call.config().extensions.contains(parked.parked_by) &&
      co_await ring_back(call, parked.parked_by)) {
    co_return;
  }
  const std::string& then = stay.then.empty() ? call.config().parking.then : stay.then;
  if (!then.empty() && !call.leaving()) {
    call.transfer(call::destination(then));
  }
}

/// Tells also of a caller who hangs up, when the coroutine is cancelled.
class Departure {
 public:
  Departure(call::Call& call, const call::Parked& parked) : call_(call), parked_(parked) {}
  ~Departure() {
    if (parked_.meeting != nullptr) {
      parked_.meeting->leave();
    } else if (call_.ending()) {
      tell(call_, parked_, "abandoned");
    }
  }
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;

 private:
  call::Call& call_;
  const call::Parked& parked_;
};

awaitable<void> stay_there(call::Call& call, Stay stay) {
  auto& lot = call.services().shared.parking;
  call::Parked parked;
  parked.slot = stay.slot == "auto" ? free_slot(lot, call.config()) : stay.slot;
  parked.call = &call;
  parked.parked_by = call.variables().value("parked_by");
  parked.since = base::Clock::now();
  const bool full = stay.slot == "auto" && parked.slot.empty();
  auto place = full ? nullptr : lot.enter(parked);
  if (place == nullptr) {
    switchroom::log::line(Level::warning, Subsystem::dialplan, call.uuid(), "park: {}",
                          full ? "all slots are taken" : "slot " + parked.slot + " is taken");
    call.variables().set("park_result", "occupied");
    co_return;
  }
  call.variables().set("park_slot", parked.slot);
  const Departure departure(call, parked);
  switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "{} waits in slot {}",
                        call.caller().label(), parked.slot);
  tell(call, parked, "parked");
  const bool for_ever = stay.timeout == base::Duration::zero();
  co_await wait(call, parked, for_ever ? base::Time::max() : parked.since + stay.timeout);
  place.reset();
  if (parked.meeting != nullptr) {
    call.variables().set("park_result", "taken");
    co_await parked.meeting->attend(call);
  } else if (!call.leaving()) {
    call.variables().set("park_result", "timeout");
    co_await leave_after_timeout(call, parked, stay);
  }
}

void complain(call::Call& call, std::string_view application, const std::string& what) {
  switchroom::log::line(Level::error, Subsystem::dialplan, call.uuid(), "{}: {}", application, what);
}

awaitable<void> run_park(call::Call& call, std::string argument) {
  auto stay = stay_in(argument, call.config());
  if (!stay) {
    complain(call, "park", stay.error().what);
    co_return;
  }
  if (co_await call.answer()) {
    co_await stay_there(call, std::move(*stay));
  }
}

/// False: nobody waits there.
awaitable<bool> take(call::Call& call, std::string slot) {
  const bool answered = co_await call.answer();
  call::Parked* const parked = answered ? call.services().shared.parking.take(slot) : nullptr;
  if (parked == nullptr) {
    co_return false;
  }
  tell(*parked->call, *parked, "taken");
  const auto meeting = std::make_shared<call::Meeting>(*parked->call, call);
  parked->meeting = meeting;
  parked->call->wake();
  co_await meeting->attend(call);
  co_return true;
}

awaitable<void> run_unpark(call::Call& call, std::string argument) {
  const bool taken = co_await take(call, argument);
  if (!taken && !call.leaving()) {
    switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "unpark: nobody waits in {}",
                          argument.empty() ? "any slot" : "slot " + argument);
    call.variables().set("park_result", "empty");
  }
}

std::string check_unpark(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() || is_computed(argument) || is_slot(argument)
             ? ""
             : "it takes the name of a slot, or nothing for who has waited longest";
}

/// Both in one: "[LOT] SLOT".
awaitable<void> run_valet(call::Call& call, std::string argument) {
  const auto part = words(argument);
  const std::string slot = part.empty() ? std::string() : part.back();
  if (call.services().shared.parking.find(slot) != nullptr) {
    co_await run_unpark(call, slot);
  } else {
    co_await run_park(call, slot);
  }
}

std::string check_valet(std::string_view argument, const config::Snapshot& config) {
  const auto part = words(argument);
  if (part.empty() || part.size() > 2) {
    return "it takes a slot: valet_park 701";
  }
  return check_park(part.back(), config);
}

}  // namespace

Application park() {
  return {
      "park", "[SLOT|auto [SECONDS [NUMBER [CONTEXT]]]]",
      "The call waits with music until somebody takes it by `unpark` or pbxctl; `auto` is the first free "
      "slot of `[parking] slots`, left in `park_slot`. After SECONDS (0: never; else `[parking] timeout`) "
      "whoever parked it is rung, then the call goes on at NUMBER or `[parking] then`, or with the next "
      "step. A slot that is taken: `park_result` is `occupied`, and the next step runs.",
      check_park, run_park};
}

Application unpark() {
  return {"unpark", "[SLOT]",
          "Connects the caller with who waits in the slot, or with who has waited longest. When nobody "
          "waits, `park_result` is `empty` and the next step runs.",
          check_unpark, run_unpark};
}

Application valet_park() {
  return {"valet_park", "[LOT] SLOT", "Takes who waits in the slot; parks the caller there when it is free.",
          check_valet, run_valet};
}

}  // namespace switchroom::apps
