// The user agent core: what a SIP request of a stranger, a phone or a running call leads to.
#pragma once

#include "base/timers.hpp"
#include "config/snapshot.hpp"
#include "guard/access.hpp"
#include "guard/bans.hpp"
#include "sip/digest.hpp"
#include "sip/endpoint/phone_sessions.hpp"
#include "sip/endpoint/registration.hpp"
#include "sip/endpoint/trunk_finder.hpp"
#include "sip/session/session.hpp"
#include "sip/subscriptions/notifier.hpp"
#include "sip/transaction/transactions.hpp"
#include "sip/transport/transport.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace switchroom::sip {

/// Why a call is not taken now: a status and the words for the caller's phone and the log.
struct CallRefusal {
  int status = 503;
  std::string reason;
  std::optional<std::uint32_t> retry_after;
};

/// Takes new calls. Call thread.
class CallTaker {
 public:
  virtual ~CallTaker() = default;
  /// Asked before a call costs anything (limits); nullopt admits it.
  virtual std::optional<CallRefusal> admit_call() = 0;
  /// An emergency call: admitted whatever the limits say, and while everything else is refused.
  [[nodiscard]] virtual bool is_emergency(const IncomingCall& /*call*/) const { return false; }
  virtual void on_call(IncomingCall call) = 0;
};

/// Keeps a session reachable for the requests of its dialog for as long as it lives.
class DialogSeat {
 public:
  DialogSeat() = default;
  explicit DialogSeat(std::function<void()> leave) : leave_(std::move(leave)) {}
  DialogSeat(DialogSeat&& other) noexcept : leave_(std::exchange(other.leave_, {})) {}
  DialogSeat& operator=(DialogSeat&& other) noexcept {
    std::swap(leave_, other.leave_);
    return *this;
  }
  DialogSeat(const DialogSeat&) = delete;
  DialogSeat& operator=(const DialogSeat&) = delete;
  ~DialogSeat() {
    if (leave_) {
      leave_();
    }
  }

 private:
  std::function<void()> leave_;
};

/// A session and its seat; the seat goes first.
struct SeatedSession {
  std::unique_ptr<Session> session;
  DialogSeat seat;
};

/// Routes each request to the session, the registrar or the call taker that it is for, after the
/// access lists and the digest have had their say. Owns no sockets. Call thread.
class Endpoint final : private ServerUser, private Transports::Receiver {
 public:
  Endpoint(base::Timers& timers, Transports& transports, Transactions& transactions);
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void set_takers(CallTaker* calls, RegisterTaker* registrations);  // not owned
  /// Told of what is held against whom; without it nobody is banned.
  void set_bans(guard::Bans* bans) { bans_ = bans; }          // not owned
  void set_trunks(TrunkFinder* trunks) { trunks_ = trunks; }  // not owned
  /// The configuration at start and after each reload.
  void configure(const config::SnapshotPtr& snapshot);
  /// From now on every new call is refused with 503 (graceful shutdown).
  void stop_taking_calls() { closing_ = true; }

  SeatedSession incoming(SessionSettings settings, IncomingCall call, SessionUser* user);
  SeatedSession outgoing(SessionSettings settings, OutgoingCall call, SessionUser* user);
  /// Refuses an INVITE that became no session.
  void refuse(const IncomingCall& call, int status, std::string_view reason);

  [[nodiscard]] Notifier& notifier() { return notifier_; }
  [[nodiscard]] const Notifier& notifier() const { return notifier_; }
  [[nodiscard]] Transports& transports() { return transports_; }
  [[nodiscard]] std::size_t sessions() const { return seats_.size(); }
  struct Counters {
    std::uint64_t challenged = 0, rejected_credentials = 0, refused_by_acl = 0, scanners = 0, over_limit = 0;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  /// What admission found out about the sender of a request.
  struct Sender {
    const config::Profile* profile = nullptr;  // not owned; of snapshot_
    std::string user;                          // authenticated extension, or empty
  };

  // ServerUser
  void on_request(TransactionId id, Message request, const Flow& from) override;
  void on_ack(const Message& ack, const Flow& from) override;
  void on_cancel(TransactionId invite, const Message& cancel) override;
  void on_server_failure(TransactionId id) override;
  // Transports::Receiver
  void on_message(Message message, const Flow& from) override;
  void on_malformed(const Parsed& parsed, const Flow& from) override;
  void on_closed(ConnectionId connection) override;

  [[nodiscard]] bool is_heard(const Message& request, const Flow& from);
  [[nodiscard]] base::IpAddress sender_of(const Message& request, const Flow& from) const;
  void hold_against(guard::Offence offence, const Message& request, const Flow& from, bool proved,
                    const std::string& user = {});
  bool pass_to_session(TransactionId id, Message& request, const Flow& from);
  void on_new_request(TransactionId id, Message request, const Flow& from);
  void on_invite(TransactionId id, Message request, const Flow& from, const config::Profile& profile);
  void on_register(TransactionId id, const Message& request, const Flow& from,
                   const config::Profile& profile);
  void on_subscribe(TransactionId id, const Message& request, const Flow& from,
                    const config::Profile& profile);
  void on_options(TransactionId id, const Message& request);
  bool is_acceptable(TransactionId id, const Message& request);
  bool has_access(TransactionId id, const Message& request, const Flow& from, const config::Profile& profile);
  std::optional<CallRefusal> admit(const IncomingCall& call);
  std::optional<std::string> authenticate(TransactionId id, const Message& request, const Flow& from,
                                          const config::Profile& profile);
  void reply(TransactionId id, const Message& request, int status, std::string_view reason = {});
  void forget(const std::string& key);
  SeatedSession seat(std::unique_ptr<Session> session, const std::string& key, Phone phone,
                     TransactionId invite);
  void move_calls(const RegisterRequest& request);
  [[nodiscard]] Session* find(const Message& request) const;
  [[nodiscard]] const config::Profile* profile_of(const Flow& flow) const;
  [[nodiscard]] SessionServices services() { return {&timers_, &transactions_}; }

  struct Seat {
    Session* session = nullptr;               // not owned: the leg owns it
    std::vector<TransactionId> transactions;  // INVITEs that it answers
    std::optional<PhoneSessions::Place> phone;
  };

  base::Timers& timers_;
  Transports& transports_;
  Transactions& transactions_;
  CallTaker* calls_ = nullptr;              // not owned
  RegisterTaker* registrations_ = nullptr;  // not owned
  TrunkFinder* trunks_ = nullptr;           // not owned
  config::SnapshotPtr snapshot_;
  guard::Access access_{nullptr};
  guard::Bans* bans_ = nullptr;  // not owned
  guard::AddressLimit strangers_;
  guard::AddressLimit callers_;
  guard::RateLimit registrations_limit_{0};
  guard::Acquaintances acquaintances_;
  std::unordered_map<std::string, std::string> former_passwords_;  // of extensions whose password has changed
  std::unordered_map<std::string, std::unique_ptr<DigestServer>> digests_;  // by profile
  std::unordered_map<std::string, Seat> seats_;                             // by Call-ID and our tag
  std::unordered_map<TransactionId, std::string> invites_;                  // to the seat's key
  PhoneSessions phones_;
  Notifier notifier_{timers_, transactions_};
  Counters counters_;
  bool closing_ = false;
};

}  // namespace switchroom::sip
