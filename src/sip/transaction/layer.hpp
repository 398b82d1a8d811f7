// What a dialog sees of the transaction layer: a handful of methods, so that dialogs are tested over a
// recorder.
#pragma once

#include "base/clock.hpp"
#include "sip/message/message.hpp"
#include "sip/transport/transport.hpp"

#include <cstdint>
#include <string>

namespace switchroom::sip {

/// Names a transaction; 0 is none. Never used twice. Ids of transactions that have ended are ignored.
using TransactionId = std::uint64_t;

/// Who sent a request hears of its fate. Call thread. Must call abandon before it dies.
class ClientUser {
 public:
  virtual ~ClientUser() = default;
  /// Provisional responses (not 100), one final response, and for INVITE each further 2xx (RFC 6026;
  /// other To tags: downstream forking).
  virtual void on_response(TransactionId id, const Message& response) = 0;
  enum class Failure : std::uint8_t { timeout, transport };
  /// Instead of a final response: nothing came (timers B, F), or it could not be sent.
  virtual void on_failure(TransactionId id, Failure failure) = 0;
};

/// Transactions in the process, a recorder in the tests of dialogs. Call thread.
class TransactionLayer {
 public:
  virtual ~TransactionLayer() = default;

  /// Sends a request in a new client transaction: the layer puts the topmost Via on (branch, rport) for
  /// the flow. Over 1,300 bytes on UDP goes to TCP first and falls back to UDP when that fails
  /// (18.1.1). The first answer, also a failure, comes by another turn.
  virtual TransactionId request(Message request, const Flow& to, ClientUser* user) = 0;
  /// CANCELs an INVITE as RFC 3261 9.1 wants it (not before a provisional response came). `reason` is
  /// the value of a Reason header, or empty.
  virtual void cancel(TransactionId invite, std::string reason) = 0;
  void cancel(TransactionId invite) { cancel(invite, {}); }
  /// An INVITE to which nothing at all has come after `limit` has failed (timeout), and not only after 64*T1:
  /// for who knows another place to try. Nothing changes once any response has come.
  virtual void hurry(TransactionId /*invite*/, base::Duration /*limit*/) {}
  /// The peer is reached by another flow of the same kind now: what is still to be sent of this request
  /// (again, or its CANCEL) takes it.
  virtual void reroute(TransactionId /*id*/, const Flow& /*to*/) {}
  /// The user will not hear of it any more; the transaction runs to its end by itself. What an INVITE's user
  /// has left undone is done: a 2xx is acknowledged, and one with a To tag that the user has not heard of, of
  /// a fork or after a CANCEL, is answered by BYE as well, for as long as 2xx may come (64*T1; RFC
  /// 3261 13.2.2.4).
  virtual void abandon(TransactionId id) = 0;
  /// The request as sent (with its Via): until its final response has been passed on, that callback
  /// included; nullptr afterwards, since a finished transaction keeps nothing of its request.
  [[nodiscard]] virtual const Message* sent_request(TransactionId id) const = 0;

  /// Answers a request. Provisional ones may be several. Unknown ids are ignored (false).
  virtual bool respond(TransactionId id, const Message& response) = 0;
  /// Sends a 2xx to INVITE again (the dialog's timer decides when); only while Accepted (timer L).
  virtual bool repeat(TransactionId id, const Message& response) = 0;
  /// Sends outside any transaction: the ACK of a 2xx. Puts the topmost Via on.
  virtual bool send_ack(Message ack, const Flow& to) = 0;
  /// Our address as this flow's peer shall write it back: for Contact. (Transactions asks its Wire.)
  [[nodiscard]] virtual base::Endpoint advertised_for(const Flow& flow) const = 0;
};

}  // namespace switchroom::sip
