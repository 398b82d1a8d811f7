// The INVITE of a call that we make, and the ACKs of its 2xx. RFC 3261 13.2.2.4, 9.1.
#pragma once

#include "sip/dialog/dialog.hpp"
#include "sip/session/session.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::sip {

/// Acknowledges every 2xx, and hangs up on those that nobody wants, for as long as the session lives; the
/// transaction layer does both for what comes later (TransactionLayer::abandon).
/// Shared by the session and its own callbacks, inside of which the session may end. Call thread.
class OutgoingInvite final : public ClientUser, public std::enable_shared_from_this<OutgoingInvite> {
 public:
  struct Owner {
    virtual ~Owner() = default;
    /// Any response but a 2xx that was acknowledged before.
    virtual void on_invite_response(const Message& response) = 0;
    virtual void on_invite_failure(Failure failure) = 0;
  };
  OutgoingInvite(SessionServices services, Owner* owner) : services_(services), owner_(owner) {}

  /// `first_answer`: see SessionSettings.
  void send(const Message& invite, const Flow& to, base::Duration first_answer);
  void cancel(std::string reason);
  /// ACK for a 2xx in this dialog; repeated when the 2xx comes again.
  void acknowledge(const Dialog& dialog);
  /// A 2xx of a fork that lost, or that came too late: ACK and BYE.
  void decline(const Message& response);
  /// The session is over. An INVITE without a final response is cancelled; the layer sees it to its end.
  void leave();
  /// The peer is reached by this flow now: the CANCEL, and the ACK of a 2xx that is still to come.
  void move_to(const Flow& flow);
  /// Where the INVITE goes, and went by what its responses say.
  [[nodiscard]] const Flow& flow() const { return to_; }

 private:
  void on_response(TransactionId id, const Message& response) override;
  void on_failure(TransactionId id, Failure failure) override;
  void acknowledge(const std::string& tag, Message ack, const Flow& to);
  void follow(const Message& response);

  struct Ack {
    Message message;
    Flow to;
  };

  /// What an ACK repeats of the INVITE. 22.1: it cannot be challenged, so it brings the credentials along.
  struct Sent {
    std::uint32_t cseq = 0;
    std::vector<std::string> authorization, proxy_authorization;
  };

  SessionServices services_;
  Owner* owner_;  // not owned; null after leave
  Sent sent_;
  Flow to_;
  TransactionId id_ = 0;
  bool open_ = false;  // no final response yet
  bool cancelled_ = false;
  std::map<std::string, Ack, std::less<>> acks_;  // by To tag; bounded
};

}  // namespace switchroom::sip
