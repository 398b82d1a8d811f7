#include "sip/transaction/invite_client.hpp"

namespace switchroom::sip {
namespace {

constexpr base::Duration timer_d = std::chrono::seconds(32);   // "at least 32 seconds", 17.1.1.2
constexpr base::Duration timer_c = std::chrono::seconds(180);  // 16.6 step 11 wants more than 3 minutes

}  // namespace

Actions InviteClient::start(const TimerValues& timers, bool reliable) {
  reliable_ = reliable;
  interval_ = timers.t1;
  Actions actions;
  actions.send = true;
  actions.limit = ClockChange::start(timers.life());
  if (!reliable) {
    actions.repeat = ClockChange::start(interval_);
  }
  return actions;
}

Actions InviteClient::fall_back(const TimerValues& timers) {
  return state_ == State::calling ? start(timers, false) : Actions{};
}

Actions InviteClient::on_response(const TimerValues& timers, int status) {
  Actions actions;
  switch (state_) {
    case State::calling:
    case State::proceeding: return on_first_answer(timers, status);
    case State::completed: actions.ack = status >= 300; break;
    case State::accepted: actions.deliver = status >= 200 && status < 300; break;
    case State::terminated: break;
  }
  return actions;
}

Actions InviteClient::on_first_answer(const TimerValues& timers, int status) {
  Actions actions;
  actions.repeat = ClockChange::stop();
  actions.deliver = status != 100;
  if (status < 200) {
    if (state_ == State::calling) {
      state_ = State::proceeding;
      actions.limit = abandoned_ ? ClockChange::start(timer_c) : ClockChange::stop();
    }
    if (cancel_wanted_ && !cancelled_) {
      cancelled_ = true;
      actions.cancel = true;
      actions.limit = ClockChange::start(timers.life());
    }
    return actions;
  }
  actions.forget = true;
  if (status < 300) {
    state_ = State::accepted;
    actions.limit = ClockChange::start(timers.life());  // timer M
    return actions;
  }
  actions.ack = true;
  state_ = reliable_ ? State::terminated : State::completed;
  actions.end = reliable_;  // timer D is zero
  actions.limit = reliable_ ? ClockChange::stop() : ClockChange::start(timer_d);
  return actions;
}

Actions InviteClient::on_repeat() {
  Actions actions;
  if (state_ == State::calling && !reliable_) {
    interval_ *= 2;
    actions.send = true;
    actions.repeat = ClockChange::start(interval_);
  }
  return actions;
}

Actions InviteClient::on_limit() {
  Actions actions;
  actions.timed_out = open();
  actions.end = true;
  state_ = State::terminated;
  return actions;
}

Actions InviteClient::on_cancel(const TimerValues& timers) {
  Actions actions;
  cancel_wanted_ = true;
  if (state_ == State::proceeding && !cancelled_) {
    cancelled_ = true;
    actions.cancel = true;
    actions.limit = ClockChange::start(timers.life());
  }
  return actions;
}

Actions InviteClient::on_abandon() {
  Actions actions;
  if (!abandoned_ && !cancelled_ && state_ == State::proceeding) {
    actions.limit = ClockChange::start(timer_c);
  }
  abandoned_ = true;
  return actions;
}

Actions InviteClient::on_send_failed() {
  Actions actions;
  if (open()) {
    actions.failed = true;
    actions.end = true;
    state_ = State::terminated;
  }
  return actions;  // a lost ACK: the peer's retransmitted response will ask for it again
}

}  // namespace switchroom::sip
