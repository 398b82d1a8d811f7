// A 2xx of ours to an INVITE, repeated until its ACK comes. RFC 3261 13.3.1.4.
#pragma once

#include "sip/session/one_shot.hpp"
#include "sip/session/session.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace switchroom::sip {

/// Used for the first INVITE and for each re-INVITE. Call thread.
class AnsweredInvite {
 public:
  AnsweredInvite(SessionServices services, const SessionSettings& settings)
      : services_(services),
        t1_(settings.t1),
        t2_(settings.t2),
        repeat_(services.timers),
        limit_(services.timers) {}

  /// The response has been sent once. `given_up` runs when 64*T1 pass without an ACK.
  void start(TransactionId invite, Message response, std::function<void()> given_up) {
    invite_ = invite;
    response_ = std::make_unique<Message>(std::move(response));
    interval_ = t1_;
    limit_.start(64 * t1_, [this, give_up = std::move(given_up)] {
      stop();
      give_up();
    });
    repeat_later();
  }
  /// True when this was the ACK that was waited for.
  bool on_ack(const Message& ack) {
    if (!waiting() || ack.cseq.number != response_->cseq.number) return false;
    stop();
    return true;
  }
  void stop() {
    repeat_.stop();
    limit_.stop();
    response_.reset();
  }
  [[nodiscard]] bool waiting() const { return response_ != nullptr; }

 private:
  void repeat_later() {
    repeat_.start(interval_, [this] {
      services_.transactions->repeat(invite_, *response_);
      interval_ = std::min(2 * interval_, t2_);
      repeat_later();
    });
  }

  SessionServices services_;
  base::Duration t1_, t2_;
  base::Duration interval_{};
  TransactionId invite_ = 0;
  std::unique_ptr<Message> response_;  // null: no ACK is waited for
  OneShot repeat_, limit_;
};

}  // namespace switchroom::sip
