#include "sip/transaction/non_invite_client.hpp"

#include <algorithm>

namespace switchroom::sip {

Actions NonInviteClient::start(const TimerValues& timers, bool reliable) {
  reliable_ = reliable;
  interval_ = timers.t1;
  Actions actions;
  actions.send = true;
  actions.limit = ClockChange::start(timers.life());  // timer F
  if (!reliable) {
    actions.repeat = ClockChange::start(interval_);
  }
  return actions;
}

Actions NonInviteClient::fall_back(const TimerValues& timers) {
  return state_ == State::trying ? start(timers, false) : Actions{};
}

Actions NonInviteClient::on_response(const TimerValues& timers, int status) {
  Actions actions;
  if (!open()) {
    return actions;
  }
  if (status < 200) {
    state_ = State::proceeding;  // timer E runs on, and is T2 from its next expiry
    actions.deliver = status != 100;
    return actions;
  }
  actions.deliver = true;
  actions.forget = true;
  actions.repeat = ClockChange::stop();
  actions.end = reliable_;  // timer K is zero
  actions.limit = reliable_ ? ClockChange::stop() : ClockChange::start(timers.t4);
  state_ = reliable_ ? State::terminated : State::completed;
  return actions;
}

Actions NonInviteClient::on_repeat(const TimerValues& timers) {
  Actions actions;
  if (open() && !reliable_) {
    interval_ = state_ == State::proceeding ? timers.t2 : std::min(2 * interval_, timers.t2);
    actions.send = true;
    actions.repeat = ClockChange::start(interval_);
  }
  return actions;
}

Actions NonInviteClient::on_limit() {
  Actions actions;
  actions.timed_out = open();
  actions.end = true;
  state_ = State::terminated;
  return actions;
}

Actions NonInviteClient::on_send_failed() {
  Actions actions;
  if (open()) {
    actions.failed = true;
    actions.end = true;
    state_ = State::terminated;
  }
  return actions;
}

}  // namespace switchroom::sip
