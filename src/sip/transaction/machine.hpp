// What the four transaction machines of RFC 3261 section 17 (with RFC 6026) have in common: an event
// goes in, actions come out. They know no clock, no socket and no message, so a test drives them bare.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>

namespace switchroom::sip {

/// The three base values of RFC 3261 table 4.
struct TimerValues {
  base::Duration t1 = std::chrono::milliseconds(500);
  base::Duration t2 = std::chrono::seconds(4);
  base::Duration t4 = std::chrono::seconds(5);
  [[nodiscard]] base::Duration life() const { return 64 * t1; }  // timers B, F, H, J, L, M
};

/// What becomes of one of a machine's two clocks.
struct ClockChange {
  enum class Kind : std::uint8_t { keep, stop, start };
  Kind kind = Kind::keep;
  base::Duration after{};
  static ClockChange stop() { return {Kind::stop, {}}; }
  static ClockChange start(base::Duration after) { return {Kind::start, after}; }
};

/// What a machine wants done, carried out in the order of the members.
struct Actions {
  ClockChange repeat;      // the retransmission clock: timers A, E, G, and the 200 ms before a 100
  ClockChange limit;       // the clock that ends a state: timers B, D, F, H, I, J, K, L, M
  bool send = false;       // the request, or the last response
  bool ack = false;        // client: the ACK of a final response other than 2xx
  bool cancel = false;     // client: the CANCEL that was asked for
  bool deliver = false;    // what came in goes to the user
  bool timed_out = false;  // the user hears of a timeout
  bool failed = false;     // the user hears of a transport failure
  bool forget = false;     // what was sent is not needed any more
  bool end = false;        // the transaction is over
};

}  // namespace switchroom::sip
