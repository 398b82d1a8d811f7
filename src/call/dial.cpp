#include "call/dial.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/ringing.hpp"
#include "dialplan/spellings.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr std::size_t most_redirections = 10;

base::Duration ring_time(Call& call, const dialplan::Assignments& for_all) {
  const Variables own = leg_variables(call, for_all, {});
  const std::string text = own.value("call_timeout");
  const auto time = dialplan::seconds_in(text.empty() ? call.variables().value("call_timeout") : text);
  return std::clamp<base::Duration>(time.value_or(60s), 1s, 3600s);
}

/// Of one target `call_timeout` is the time that it rings.
void use_own_timeouts(dialplan::DialRound& round) {
  for (auto& target : round) {
    for (auto& [name, value] : target.variables) {
      if (name == "call_timeout") {
        name = "leg_timeout";
      }
    }
  }
}

struct Round {
  dialplan::DialRound targets;
  dialplan::Assignments for_all;
};

struct RoundResult {
  Leg* winner = nullptr;
  Ending failure;
  bool rejected = false;
};

awaitable<RoundResult> ring(Call& call, Ringback* ringback, Round round) {
  Ringing ringing(call, *ringback);
  use_own_timeouts(round.targets);
  ringing.start(co_await find_targets(call, std::move(round.targets), round.for_all));
  const base::Time deadline = base::Clock::now() + ring_time(call, round.for_all);
  const sip::Cause* why = &cause_by_name("ORIGINATOR_CANCEL");
  std::size_t redirected = 0;
  while (!ringing.look()) {
    if (auto further = ringing.take_redirections(); !further.empty()) {
      // Two phones that send calls to each other would never end.
      redirected += further.size();
      if (redirected <= most_redirections) {
        log::line(Level::info, Subsystem::call, call.uuid(), "the call is sent on to {}{}",
                  further.front().number.empty() ? "user/" : "trunk/" + further.front().name + "/",
                  further.front().number.empty() ? further.front().name : further.front().number);
        ringing.start(co_await find_targets(call, std::move(further), round.for_all));
      }
      continue;
    }
    const bool woken = co_await call.next_news(std::min(deadline, ringing.next_turn()));
    if (!woken && base::Clock::now() >= deadline) {
      log::line(Level::info, Subsystem::call, call.uuid(), "nobody answered in time (call_timeout)");
      why = &cause_by_name("NO_ANSWER");
      ringing.lose({*why, 0, {}, "switchroom"});
      break;
    }
  }
  ringing.end_others(*why);
  co_return RoundResult{ringing.winner(), ringing.failure(), ringing.is_rejected()};
}

std::string_view dial_status(const Ending& failure) {
  switch (failure.cause.q850) {
    case 17: return "BUSY";
    case 18:
    case 19: return "NOANSWER";
    case 21: return "DECLINED";
    case 28: return "INVALIDARGS";
    default: return failure.cause.name == "ORIGINATOR_CANCEL" ? "CANCEL" : "CHANUNAVAIL";
  }
}

/// What the steps that follow may ask for.
void tell(Call& call, const DialResult& result) {
  Variables& variables = call.variables();
  const bool answered = result.winner != nullptr;
  const std::string_view cause = answered ? "SUCCESS" : result.failure.cause.name;
  variables.set("originate_disposition", cause);
  variables.set("DIALSTATUS", answered ? "SUCCESS" : dial_status(result.failure));
  variables.set("originate_failed_cause", answered ? "" : cause);
  variables.set("last_bridge_hangup_cause", answered ? "" : cause);
  variables.set("bridge_hangup_cause", answered ? "" : cause);
  if (answered) {
    variables.set("bridge_uuid", result.winner->uuid());
    variables.set("last_bridge_to", result.winner->uuid());
    variables.set("bridge_channel", result.winner->label());
  }
}

}  // namespace

awaitable<DialResult> dial(Call& call, dialplan::DialString what) {
  what = with_members(call, std::move(what));
  Ringback ringback(call);
  co_await ringback.prepare(what.variables);
  DialResult result;
  bool is_first = true;
  for (auto& targets : what.rounds) {
    const RoundResult round = co_await ring(call, &ringback, {std::move(targets), what.variables});
    if (std::exchange(is_first, false) || is_better_failure(round.failure, result.failure)) {
      result.failure = round.failure;
    }
    result.winner = round.winner;
    if (result.winner != nullptr || call.leaving() || round.rejected) {
      break;
    }
  }
  if (result.winner != nullptr) {
    result.sound = ringback.take();
  }
  tell(call, result);
  co_return result;
}

awaitable<DialResult> dial(Call& call, std::string dial_string) {
  auto what = dialplan::parse_dial_string(dial_string);
  if (!what) {
    log::line(Level::error, Subsystem::call, call.uuid(), "\"{}\" cannot be called: {}", dial_string,
              what.error().what);
    DialResult result;
    result.failure = {cause_by_name("INVALID_NUMBER_FORMAT"), 0, {}, "switchroom"};
    tell(call, result);
    co_return result;
  }
  co_return co_await dial(call, std::move(*what));
}

}  // namespace switchroom::call
