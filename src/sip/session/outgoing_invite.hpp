// The INVITE of a call that we make, and the responses that outlive the session. RFC 3261 13.2.2.4, 9.1.
#pragma once

#include "sip/dialog/dialog.hpp"
#include "sip/session/session.hpp"

#include <map>
#include <memory>
#include <string>

namespace switchroom::sip {

/// Acknowledges every 2xx, hangs up on those that nobody wants, and goes on doing so for a cancelled
/// INVITE whose session is gone: a 2xx that crosses the CANCEL would ring on for ever otherwise.
/// Shared between the session and, after it, the timer that bounds that after-life. Call thread.
class OutgoingInvite final : public ClientUser, public std::enable_shared_from_this<OutgoingInvite> {
 public:
  struct Owner {
    virtual ~Owner() = default;
    /// Any response but a 2xx that was acknowledged before.
    virtual void on_invite_response(const Message& response) = 0;
    virtual void on_invite_failure(Failure failure) = 0;
  };
  OutgoingInvite(SessionServices services, base::Duration life, Owner* owner)
      : services_(services), life_(life), owner_(owner) {}

  /// `first_answer`: see SessionSettings.
  void send(const Message& invite, const Flow& to, base::Duration first_answer);
  void cancel(std::string reason);
  /// ACK for a 2xx in this dialog; repeated when the 2xx comes again.
  void acknowledge(const Dialog& dialog);
  /// A 2xx of a fork that lost, or that came too late: ACK and BYE.
  void decline(const Message& response);
  /// The session is over. An INVITE without a final response is cancelled and seen to its end.
  void leave();
  /// Where the INVITE goes, and went by what its responses say.
  [[nodiscard]] const Flow& flow() const { return to_; }

 private:
  void on_response(TransactionId id, const Message& response) override;
  void on_failure(TransactionId id, Failure failure) override;
  void close();
  void follow(const Message& response);

  struct Ack {
    Message message;
    Flow to;
  };

  SessionServices services_;
  base::Duration life_;  // 64*T1
  Owner* owner_;         // not owned; null after leave
  Message sent_;
  Flow to_;
  TransactionId id_ = 0;
  bool open_ = false;  // no final response yet
  bool cancelled_ = false;
  base::TimerId end_timer_ = 0;
  std::map<std::string, Ack, std::less<>> acks_;  // by To tag; bounded
};

}  // namespace switchroom::sip
