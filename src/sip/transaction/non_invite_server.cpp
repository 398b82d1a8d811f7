#include "sip/transaction/non_invite_server.hpp"

namespace switchroom::sip {

Actions NonInviteServer::start(const TimerValues& timers, bool reliable) {
  reliable_ = reliable;
  Actions actions;
  actions.deliver = true;
  actions.limit = ClockChange::start(timers.life());
  return actions;
}

Actions NonInviteServer::on_answer(const TimerValues& timers, int status) {
  Actions actions;
  actions.send = true;
  if (status < 200) {
    state_ = State::proceeding;
    return actions;
  }
  state_ = reliable_ ? State::terminated : State::completed;
  actions.end = reliable_;  // timer J is zero
  actions.forget = reliable_;
  actions.limit = reliable_ ? ClockChange::stop() : ClockChange::start(timers.life());
  return actions;
}

Actions NonInviteServer::on_request() {
  Actions actions;
  actions.send = state_ == State::proceeding || state_ == State::completed;
  return actions;
}

Actions NonInviteServer::on_limit() {
  Actions actions;
  actions.timed_out = accepts_answer();
  actions.end = true;
  state_ = State::terminated;
  return actions;
}

Actions NonInviteServer::on_send_failed() {
  Actions actions;
  actions.failed = state_ != State::terminated;
  actions.end = true;
  state_ = State::terminated;
  return actions;
}

}  // namespace switchroom::sip
