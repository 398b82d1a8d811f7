// The INVITE client transaction: RFC 3261 17.1.1 with the Accepted state of RFC 6026 section 7.2.
#pragma once

#include "sip/transaction/machine.hpp"

namespace switchroom::sip {

class InviteClient {
 public:
  enum class State : std::uint8_t { calling, proceeding, completed, accepted, terminated };

  Actions start(const TimerValues& timers, bool reliable);
  /// TCP could not be had: the request goes by UDP after all, as if for the first time (18.1.1).
  Actions fall_back(const TimerValues& timers);
  Actions on_response(const TimerValues& timers, int status);
  /// Timer A.
  Actions on_repeat();
  /// Timers B, D, M, and the end of patience after a CANCEL or for a user who left.
  Actions on_limit();
  /// The user wants a CANCEL; it waits for a provisional response (9.1).
  Actions on_cancel(const TimerValues& timers);
  /// Nobody will cancel any more, so a peer that rings for ever is given up by timer C.
  Actions on_abandon();
  Actions on_send_failed();

  [[nodiscard]] State state() const { return state_; }
  /// No response yet.
  [[nodiscard]] bool is_unheard() const { return state_ == State::calling; }
  /// No final response yet.
  [[nodiscard]] bool open() const { return state_ == State::calling || state_ == State::proceeding; }

 private:
  Actions on_first_answer(const TimerValues& timers, int status);

  base::Duration interval_{};
  State state_ = State::calling;
  bool reliable_ = false;
  bool cancel_wanted_ = false;
  bool cancelled_ = false;
  bool abandoned_ = false;
};

}  // namespace switchroom::sip
