// Session timers, RFC 4028: who refreshes, how often, and when a call that nobody refreshed is over.
#pragma once

#include "sip/session/one_shot.hpp"
#include "sip/session/session.hpp"

#include <functional>

namespace switchroom::sip {

/// Call thread. Both functions given may destroy the session.
class SessionTimer {
 public:
  SessionTimer(SessionServices services, const SessionSettings& settings, std::function<void()> refresh,
               std::function<void()> expired);

  /// The smallest interval that we take, in seconds.
  [[nodiscard]] std::uint32_t min_se() const { return min_se_; }
  /// Session-Expires and Min-SE of an INVITE or UPDATE that we send.
  void ask(Message& request) const;
  /// The peer's 422 wants this Min-SE; false when it is beyond reason (over a day).
  bool raise(std::uint32_t seconds);
  /// A request wants an interval that is too small for us: answer 422.
  [[nodiscard]] bool too_small(const Message& request) const;
  /// Our 2xx to INVITE or UPDATE: decides, writes the headers, starts the clock.
  void answer(const Message& request, Message& response);
  /// The peer's 2xx to our INVITE or UPDATE: starts the clock, or stops it when the peer wants none.
  void on_answered(const Message& response);
  void stop();

 private:
  void start(std::uint32_t seconds, bool we_refresh);
  [[nodiscard]] std::uint32_t wish() const;

  std::uint32_t min_se_;
  std::uint32_t wanted_;  // 0: we do not ask
  std::uint32_t peer_min_se_ = 0;
  std::uint32_t interval_ = 0;  // seconds; 0: no timer
  bool we_refresh_ = false;
  std::function<void()> refresh_action_, expired_action_;
  OneShot refresh_, expiry_;
};

}  // namespace switchroom::sip
