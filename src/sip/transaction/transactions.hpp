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
  /// What goes into the Via for this flow.
  [[nodiscard]] virtual base::Endpoint advertised_for(const Flow& flow) const = 0;
};

/// Who answers requests. Call thread.
class ServerUser {
 public:
  virtual ~ServerUser() = default;
  /// A new request other than ACK and CANCEL. Answer it by respond(id, …) now or later; an INVITE gets
  /// its 100 from the layer at once, or after 200 ms of silence (Settings::trying_at_once).
  virtual void on_request(TransactionId id, Message request, const Flow& from) = 0;
  /// The ACK of a 2xx: it belongs to a dialog, not to a transaction.
  virtual void on_ack(const Message& ack, const Flow& from) = 0;
  /// A CANCEL that matched `invite`, which has no final response yet; the layer has answered the CANCEL
  /// 200. Answer the INVITE with 487.
  virtual void on_cancel(TransactionId invite, const Message& cancel) = 0;
  /// The INVITE's final non-2xx got no ACK (timer H), a response could not be sent, or a request other
  /// than INVITE was not answered for 64*T1.
  virtual void on_server_failure(TransactionId id) = 0;
};

/// Both sides of the layer. Call thread. `timers` and `wire` outlive it, and what `wire` still holds of
/// ours (the `failed` functions) is not called after its end. Users may call any method from any callback,
/// also for the transaction that it is about.
class Transactions final : public TransactionLayer {
 public:
  struct Settings {
    base::Duration t1 = std::chrono::milliseconds(500);
    base::Duration t2 = std::chrono::seconds(4);
    base::Duration t4 = std::chrono::seconds(5);
    bool trying_at_once = true;        // 100 to an INVITE before anything else
    std::size_t max_server = 500'000;  // requests beyond are answered 503 and nothing is kept
    unsigned retry_after = 10;         // seconds, in that 503
  };
  /// Each thing that came in and went no further, and what was sent twice.
  struct Counters {
    std::uint64_t requests_absorbed = 0;   // retransmissions
    std::uint64_t responses_absorbed = 0;  // retransmissions
    std::uint64_t acks_absorbed = 0;
    std::uint64_t stray_responses = 0;  // the topmost Via is not ours, or no longer
    std::uint64_t merged = 0;           // answered 482
    std::uint64_t stray_cancels = 0;    // answered 481
    std::uint64_t overloaded = 0;       // answered 503
    std::uint64_t without_user = 0;     // nobody to answer it
    std::uint64_t retransmitted = 0;    // by our timers
    std::uint64_t timeouts = 0;
    std::uint64_t send_failures = 0;
    std::uint64_t unwanted = 0;                      // 2xx to INVITEs whose users had left, answered by BYE
    std::uint64_t moved_to_tcp = 0, moved_back = 0;  // 18.1.1
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
  void hurry(TransactionId invite, base::Duration limit) override;
  void reroute(TransactionId id, const Flow& to) override;
  void abandon(TransactionId id) override;
  [[nodiscard]] const Message* sent_request(TransactionId id) const override;
  bool respond(TransactionId id, const Message& response) override;
  bool repeat(TransactionId id, const Message& response) override;
  bool send_ack(Message ack, const Flow& to) override;
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow) const override;

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const Counters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace switchroom::sip
