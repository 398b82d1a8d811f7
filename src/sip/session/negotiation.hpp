// Offers and answers of an established dialog, either way: re-INVITE, UPDATE, and offers in PRACK.
// RFC 3261 section 14, RFC 3311, RFC 6337.
#pragma once

#include "sip/session/answered_invite.hpp"
#include "sip/session/in_dialog.hpp"
#include "sip/session/one_shot.hpp"
#include "sip/session/session_timer.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace switchroom::sip {

/// What the negotiation needs of the session around it.
class NegotiationHost {
 public:
  /// The offer of the first INVITE, as long as it is unanswered: who made it.
  enum class FirstOffer : std::uint8_t { settled, ours, theirs };

  virtual ~NegotiationHost() = default;
  [[nodiscard]] virtual SessionServices services() const = 0;
  [[nodiscard]] virtual const SessionSettings& settings() const = 0;
  virtual SessionUser& user() = 0;
  virtual SessionTimer& session_timer() = 0;
  virtual InDialogRequests& requests() = 0;
  virtual Message make_response_to(const Message& request, int status) = 0;
  virtual void dress(Message& request) = 0;  // Contact, Allow, Supported, User-Agent
  [[nodiscard]] virtual bool peer_allows_update() const = 0;
  [[nodiscard]] virtual bool alive() const = 0;  // no goodbye was said or heard
  [[nodiscard]] virtual bool owns_call_id() const = 0;
  [[nodiscard]] virtual FirstOffer first_offer(const std::string& remote_tag) const = 0;
  /// The first INVITE has had its 2xx and its ACK: re-INVITEs may be sent.
  [[nodiscard]] virtual bool is_confirmed() const = 0;
  /// Where an offer may be sent now; nullptr: not yet.
  virtual Dialog* offer_dialog() = 0;
  virtual Dialog* dialog_with(const std::string& remote_tag) = 0;
  virtual void end_call(SessionEnd end, int q850) = 0;
  virtual void acknowledge(Dialog& dialog, std::uint32_t cseq) = 0;
  virtual void note_peer(const Message& message) = 0;
  /// An exchange is over: what waited for it may go on.
  virtual void on_settled() = 0;
};

/// One exchange at a time. Call thread.
class Negotiation {
 public:
  Negotiation(NegotiationHost& host, SessionServices services, const SessionSettings& settings);

  // -- ours --
  void send_offer(const std::string& sdp);
  /// A session refresh: UPDATE without SDP, else a re-INVITE that repeats our last SDP.
  void refresh();
  /// Sends what waits, if it may be sent now.
  void pump();

  // -- theirs --
  /// A re-INVITE or UPDATE that the core found well-formed and in order.
  void on_request(TransactionId id, Message request);
  /// The offer in a PRACK; the answer goes into its 200.
  void on_prack_offer(TransactionId id, Message prack);
  void answer(const std::string& sdp);
  void refuse(int status);
  bool on_ack(const Message& ack);
  bool on_cancel(const Message& cancel);
  bool on_server_failure(TransactionId id);

  /// Our SDP as the first exchange fixed it, and the peer's.
  void set_local_sdp(const std::string& sdp) { local_sdp_ = sdp; }
  void set_remote_sdp(const std::string& sdp) { remote_sdp_ = sdp; }
  [[nodiscard]] bool has_local_sdp() const { return !local_sdp_.empty(); }
  [[nodiscard]] bool incoming() const { return in_ != nullptr; }
  /// The call is over: pending requests of the peer are answered (487, 481), clocks stop.
  void stop();

 private:
  struct Outgoing {
    std::string sdp;
    bool refresh = false;  // the session timer's, not the leg's
    Method method = Method::invite;
    TransactionId id = 0;  // 0: waits for its next try
    unsigned tries = 0;
    bool raised_expiry = false;  // a 422 was answered once
    bool cancelled = false;
    std::string early_answer;  // in a reliable 1xx
    std::uint32_t last_rseq = 0;
    std::string remote_tag;
  };
  struct Incoming {
    TransactionId id = 0;
    Message request;
    bool wants_our_offer = false;
  };

  void transmit(Dialog& dialog);
  void on_reply(const Reply& reply);
  void on_provisional(const Message& response);
  void on_accepted(const Message& response, std::uint32_t cseq);
  void on_refused(const Reply& reply);
  void try_again(base::Duration delay);
  void close_outgoing(int status, const std::string& sdp);
  void watch_invite();

  void begin(TransactionId id, Message request);
  bool is_in_the_way(TransactionId id, const Message& request);
  void accept_update_without_sdp(TransactionId id, const Message& request);
  void respond_with_retry_after(TransactionId id, const Message& request);
  void on_no_ack();

  NegotiationHost& host_;
  std::list<std::string> queue_;  // offers of the leg, bounded by coalescing the newest
  bool refresh_due_ = false;
  std::optional<Outgoing> out_;
  std::unique_ptr<Incoming> in_;
  AnsweredInvite answered_;
  bool answered_with_offer_ = false;
  std::uint32_t out_cseq_ = 0;
  std::string local_sdp_, remote_sdp_;
  OneShot retry_;      // 491, 500: the next try
  OneShot patience_;   // our re-INVITE's deadline
  OneShot answer_by_;  // the leg's deadline for its answer
  OneShot pump_;       // what waits goes out by a turn of its own
};

}  // namespace switchroom::sip
