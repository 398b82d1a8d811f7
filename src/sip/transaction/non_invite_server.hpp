// The server transaction of all other requests: RFC 3261 17.2.2.
#pragma once

#include "sip/transaction/machine.hpp"

namespace switchroom::sip {

class NonInviteServer {
 public:
  enum class State : std::uint8_t { trying, proceeding, completed, terminated };

  /// A user who never answers is given up when the client's timer F has ended (RFC 4320 section 4.2).
  Actions start(const TimerValues& timers, bool reliable);
  /// The user answers; `accepts` said that it may.
  Actions on_answer(const TimerValues& timers, int status);
  /// The request came again.
  Actions on_request();
  /// Timer J, or the user's silence.
  Actions on_limit();
  Actions on_send_failed();

  [[nodiscard]] bool accepts_answer() const { return state_ == State::trying || state_ == State::proceeding; }
  [[nodiscard]] State state() const { return state_; }

 private:
  State state_ = State::trying;
  bool reliable_ = false;
};

}  // namespace switchroom::sip
