// The INVITE server transaction: RFC 3261 17.2.1 with the Accepted state of RFC 6026 section 7.1.
#pragma once

#include "sip/transaction/machine.hpp"

namespace switchroom::sip {

class InviteServer {
 public:
  enum class State : std::uint8_t { proceeding, accepted, completed, confirmed, terminated };

  /// The 100 is the response that is sent first: now, or when the user is silent for 200 ms.
  Actions start(bool reliable, bool trying_at_once);
  /// The user answers; `accepts` said that it may.
  Actions on_answer(const TimerValues& timers, int status);
  /// A 2xx again, as its dialog wants it.
  Actions on_repeated_answer();
  /// The INVITE came again.
  Actions on_request();
  Actions on_ack(const TimerValues& timers);
  /// Timer G, or the 200 ms.
  Actions on_repeat(const TimerValues& timers);
  /// Timers H, I and L.
  Actions on_limit();
  Actions on_send_failed();

  [[nodiscard]] bool accepts_answer() const { return state_ == State::proceeding; }
  [[nodiscard]] State state() const { return state_; }

 private:
  base::Duration interval_{};
  State state_ = State::proceeding;
  bool reliable_ = false;
  bool answered_ = false;  // a provisional response, ours or the user's, has been sent
};

}  // namespace switchroom::sip
