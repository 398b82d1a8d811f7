// The client transaction of all other requests: RFC 3261 17.1.2.
#pragma once

#include "sip/transaction/machine.hpp"

namespace switchroom::sip {

class NonInviteClient {
 public:
  enum class State : std::uint8_t { trying, proceeding, completed, terminated };

  Actions start(const TimerValues& timers, bool reliable);
  /// TCP could not be had: the request goes by UDP after all, as if for the first time (18.1.1).
  Actions fall_back(const TimerValues& timers);
  Actions on_response(const TimerValues& timers, int status);
  /// Timer E.
  Actions on_repeat(const TimerValues& timers);
  /// Timers F and K.
  Actions on_limit();
  Actions on_send_failed();

  [[nodiscard]] State state() const { return state_; }
  /// No final response yet.
  [[nodiscard]] bool open() const { return state_ == State::trying || state_ == State::proceeding; }

 private:
  base::Duration interval_{};
  State state_ = State::trying;
  bool reliable_ = false;
};

}  // namespace switchroom::sip
