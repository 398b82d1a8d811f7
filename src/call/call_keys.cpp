// Keys that are bound to actions: which leg pressed, and who does what.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/pair_sound.hpp"
#include "call/switchboard.hpp"
#include "call/toll_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

/// Applications that lead a leg out of its conversation; all others come back to it.
constexpr std::array<std::string_view, 14> leading_away{
    "park",      "valet_park", "ivr",       "bridge", "echo",      "delay_echo", "conference",
    "voicemail", "fifo",       "eavesdrop", "unpark", "intercept", "directory",  "respond"};

bool leads_away(std::string_view application) {
  return std::ranges::find(leading_away, application) != leading_away.end();
}

/// Whose turn it is, also when the coroutine is cancelled.
class Turn {
 public:
  Turn(bool& performs, Leg*& subject) : performs_(performs), subject_(subject) { performs_ = true; }
  ~Turn() {
    performs_ = false;
    subject_ = nullptr;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  bool& performs_;
  Leg*& subject_;
};

}  // namespace

std::optional<Side> Call::side_of(const Leg& leg) const {
  return &leg == caller_.get() ? std::optional(Side::caller)
         : &leg == partner_    ? std::optional(Side::callee)
                               : std::nullopt;
}

// While two talk everything goes on to the other one as well; while one is alone, keys that may become an
// action are kept from what else waits for keys.
void Call::on_leg_key(Leg& leg) {
  const auto side = side_of(leg);
  const KeyPress press = leg.keys().newest();
  if (!side || !digit_actions_.listens_to(*side)) {
    return;
  }
  if (press.phase == KeyPress::Phase::ended) {
    return;
  }
  unsigned milliseconds = 0;
  const std::string text = variables_.value("bind_digit_digit_timeout");
  if (std::from_chars(text.data(), text.data() + text.size(), milliseconds).ec == std::errc{} &&
      milliseconds > 0) {
    digit_actions_.set_digit_timeout(std::chrono::milliseconds(std::min(milliseconds, 60'000U)));
  }
  leg.keys().drop_newest();  // what is given back goes before it
  if (!digit_actions_.hear(*side, press, partner_ == nullptr)) {
    leg.keys().put_back(press);
  }
}

void Call::listen_for_bound_keys() {
  for (const Side side : {Side::caller, Side::callee}) {
    Leg* const leg = side == Side::caller ? caller_.get() : partner_;
    const Leg* const other = side == Side::caller ? partner_ : caller_.get();
    if (leg != nullptr) {
      leg->want_keys(digit_actions_.listens_to(side));
      leg->listen_for_keys(other);
    }
  }
}

awaitable<void> Call::perform_digit_actions() {
  const Turn turn(performs_, subject_);
  while (!leaving()) {
    auto action = digit_actions_.next();
    if (!action) {
      break;
    }
    variables_.set("last_matching_digits", action->digits);
    log::line(Level::info, Subsystem::dialplan, record_.uuid, "the {} pressed {}: {} {}",
              action->pressed == Side::caller ? "caller" : "callee", action->digits, action->application,
              action->argument);
    const Side pressed = action->pressed;
    if (action->acts.self) {
      co_await perform(*action, pressed);
    }
    if (action->acts.peer && !leaving()) {
      co_await perform(std::move(*action), other_side(pressed));
    }
  }
}

/// The caller's own way through the dialplan is this call's; a callee who is led away becomes a call of its
/// own.
awaitable<void> Call::perform(DigitAction action, Side side) {
  if (side == Side::callee && partner_ == nullptr) {
    co_return;
  }
  dialplan::Step step{action.application, action.argument, "bind_digit_action"};
  if (!leads_away(step.application) && step.application != "transfer") {
    ++interruptions_;
    subject_ = side == Side::callee ? partner_ : nullptr;
    (void)co_await run_step(step);
    subject_ = nullptr;
    co_return;
  }
  Next next{route_};
  if (step.application == "transfer") {
    next.to = destination(expanded(step.argument));
  } else {
    next.step = std::move(step);
  }
  if (next.to.context.empty()) {
    next.to.context = route_.context;
  }
  if (side == Side::caller) {
    // A callee who sends a caller from outside on answers for where he goes.
    const bool by_callee = action.pressed == Side::callee && partner_ != nullptr && is_from_outside(*this);
    variables_.set("forwarded_by", by_callee ? partner_->extension() : "");
    if (partner_ != nullptr) {
      variables_.set("parked_by", action.pressed == Side::callee ? partner_->extension() : "");
    }
    transfer(std::move(next));
    co_return;
  }
  send_partner_to(std::move(next));
}

void Call::send_partner_to(Next next) {
  const auto found = std::ranges::find_if(others_, [this](const auto& leg) { return leg.get() == partner_; });
  if (found == others_.end() || services_.switchboard == nullptr) {
    return;
  }
  auto leg = std::move(*found);
  others_.erase(found);
  // Seen from the one who goes, the roles have changed.
  Variables theirs = variables_;
  const std::string number = record_.destination_number;
  theirs.set("caller_id_number", number);
  theirs.set("caller_id_name", number);
  theirs.set("parked_by", caller_->extension());
  theirs.set("forwarded_by", leg->trunk().empty() ? "" : caller_->extension());
  log::line(Level::info, Subsystem::call, record_.uuid, "{} leaves the call and goes on at {}", leg->label(),
            next.step ? next.step->application : next.to.number);
  part();
  services_.switchboard->take_over(std::move(leg), rules_, std::move(theirs), std::move(next));
  end_with({cause_by_name("NORMAL_CLEARING"), 0, {}, "switchroom"});
}

}  // namespace switchroom::call
