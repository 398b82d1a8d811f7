// The transaction layer: RFC 3261 section 17 with RFC 6026, between transports and dialogs.
#pragma once

#include "base/timers.hpp"
#include "sip/message/message.hpp"
#include "sip/transaction/layer.hpp"
#include "sip/transport/transport.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace switchroom::sip {

/// How the layer sends; Transports in the process, a recorder in tests.
class Wire {
 public:
  virtual ~Wire() = default;
  /// False: cannot be sent at all. `failed` may be called later, by another turn, for TCP.
  virtual bool send(const Flow& to, std::string bytes, std::function<void()> failed) = 0;
  [[nodiscard]] virtual base::Endpoint advertised_for(const Flow& flow) const = 0;
};

/// Who answers requests. Call thread.
class ServerUser {
 public:
  virtual ~ServerUser() = default;
  /// A new request other than ACK and CANCEL. Answer it by respond(id, …) now or later; an INVITE gets
  /// its 100 from the layer after 200 ms of silence, or at once when `INVITE` (see Settings).
  virtual void on_request(TransactionId id, Message request, const Flow& from) = 0;
  /// The ACK of a 2xx: it belongs to a dialog, not to a transaction.
  virtual void on_ack(const Message& ack, const Flow& from) = 0;
  /// A CANCEL that matched `invite`, which has no final response yet; the layer has answered the CANCEL
  /// 200. Answer the INVITE with 487.
  virtual void on_cancel(TransactionId invite, const Message& cancel) = 0;
  /// The INVITE's final non-2xx got no ACK (timer H), or a response could not be sent.
  virtual void on_server_failure(TransactionId id) = 0;
};

/// Call thread.
class Transactions final : public TransactionLayer {
 public:
  struct Settings {
    base::Duration t1 = std::chrono::milliseconds(500);
    base::Duration t2 = std::chrono::seconds(4);
    base::Duration t4 = std::chrono::seconds(5);
    bool trying_at_once = true;  // 100 to an INVITE before anything else
  };
  Transactions(base::Timers& timers, Wire& wire, Settings settings);
  ~Transactions() override;
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  void set_user(ServerUser* user);  // not owned

  /// A message from the wire: fills in received/rport, matches (17.1.3, 17.2.3; merged requests 8.2.2.2
  /// get 482), absorbs retransmissions, and passes the rest on.
  void receive(Message message, const Flow& from);

  // What dialogs use; the contracts stand in layer.hpp.
  using TransactionLayer::cancel;
  TransactionId request(Message request, const Flow& to, ClientUser* user) override;
  void cancel(TransactionId invite, std::string reason) override;
  void abandon(TransactionId id) override;
  [[nodiscard]] const Message* sent_request(TransactionId id) const override;
  bool respond(TransactionId id, const Message& response) override;
  bool repeat(TransactionId id, const Message& response) override;
  bool send_ack(Message ack, const Flow& to) override;
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow) const override;

  [[nodiscard]] std::size_t size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace switchroom::sip
