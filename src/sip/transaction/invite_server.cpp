#include "sip/transaction/invite_server.hpp"

#include <algorithm>

namespace switchroom::sip {

Actions InviteServer::start(bool reliable, bool trying_at_once) {
  reliable_ = reliable;
  answered_ = trying_at_once;
  Actions actions;
  actions.send = trying_at_once;
  actions.deliver = true;
  if (!trying_at_once) {
    actions.repeat = ClockChange::start(std::chrono::milliseconds(200));  // 17.2.1
  }
  return actions;
}

Actions InviteServer::on_answer(const TimerValues& timers, int status) {
  Actions actions;
  actions.send = true;
  answered_ = true;
  actions.repeat = ClockChange::stop();
  if (status < 200) {
    return actions;
  }
  actions.limit = ClockChange::start(timers.life());  // timer L or H
  if (status < 300) {
    state_ = State::accepted;
    actions.forget = true;  // the dialog repeats its 2xx itself
    return actions;
  }
  state_ = State::completed;
  if (!reliable_) {
    interval_ = timers.t1;
    actions.repeat = ClockChange::start(interval_);  // timer G
  }
  return actions;
}

Actions InviteServer::on_repeated_answer() {
  Actions actions;
  actions.send = state_ == State::accepted;
  actions.forget = actions.send;
  return actions;
}

Actions InviteServer::on_request() {
  Actions actions;
  actions.send = (state_ == State::proceeding && answered_) || state_ == State::completed;
  return actions;
}

Actions InviteServer::on_ack(const TimerValues& timers) {
  Actions actions;
  if (state_ == State::accepted) {
    actions.deliver = true;  // a peer that kept the branch for the ACK of a 2xx
  } else if (state_ == State::completed) {
    state_ = reliable_ ? State::terminated : State::confirmed;
    actions.repeat = ClockChange::stop();
    actions.limit = reliable_ ? ClockChange::stop() : ClockChange::start(timers.t4);  // timer I
    actions.forget = true;
    actions.end = reliable_;
  }
  return actions;
}

Actions InviteServer::on_repeat(const TimerValues& timers) {
  Actions actions;
  if (state_ == State::proceeding && !answered_) {
    answered_ = true;
    actions.send = true;
  } else if (state_ == State::completed && !reliable_) {
    interval_ = std::min(2 * interval_, timers.t2);
    actions.send = true;
    actions.repeat = ClockChange::start(interval_);
  }
  return actions;
}

Actions InviteServer::on_limit() {
  Actions actions;
  actions.timed_out = state_ == State::completed;  // timer H: no ACK
  actions.end = true;
  state_ = State::terminated;
  return actions;
}

Actions InviteServer::on_send_failed() {
  Actions actions;
  if (state_ == State::proceeding || state_ == State::completed || state_ == State::accepted) {
    actions.failed = true;
    // Accepted stays: a retransmitted INVITE must not become a second call (RFC 6026 section 8.2).
    actions.end = state_ != State::accepted;
    state_ = actions.end ? State::terminated : state_;
  }
  return actions;
}

}  // namespace switchroom::sip
