// Provisional responses that are repeated until their PRACK comes, one at a time. RFC 3262 section 3.
#pragma once

#include "sip/session/one_shot.hpp"
#include "sip/session/session.hpp"

#include <functional>
#include <list>

namespace switchroom::sip {

/// Call thread.
class ReliableProvisionals {
 public:
  /// `given_up`: no PRACK in 64*T1.
  ReliableProvisionals(SessionServices services, const SessionSettings& settings,
                       std::function<void()> given_up);

  /// Numbers the response (Require, RSeq) and sends it, after those before it have been acknowledged.
  void send(TransactionId invite, Message response);
  /// True when the PRACK is for the response that waits for it. The next one is sent by send_next.
  bool on_prack(const Message& prack);
  void send_next();
  [[nodiscard]] bool waiting() const { return waiting_; }
  /// SDP is on its way that the peer has not acknowledged: no 2xx yet (section 5).
  [[nodiscard]] bool waiting_with_sdp() const;
  void stop();

 private:
  void transmit();
  void repeat_later();

  SessionServices services_;
  base::Duration t1_;
  base::Duration interval_{};
  std::function<void()> given_up_;
  TransactionId invite_ = 0;
  std::uint32_t rseq_;
  std::list<Message> queue_;  // bounded; the first is the one that waits when `waiting_`
  bool waiting_ = false;
  OneShot repeat_, limit_;
};

}  // namespace switchroom::sip
