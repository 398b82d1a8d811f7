// One leg's signalling: an INVITE dialog with one peer, from the first INVITE to the last BYE.
#pragma once

#include "base/timers.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/digest.hpp"
#include "sip/transaction/layer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sip {

/// How a session ended, for the leg, its cause and its record.
struct SessionEnd {
  enum class How : std::uint8_t {
    sent_bye,
    received_bye,
    sent_cancel,
    received_cancel,
    sent_refusal,      // we answered 3xx-6xx
    received_refusal,  // the peer did
    no_response,       // timer B
    no_ack,            // our 200 was never acknowledged: the sentence names the address that we advertised
    expired,           // session timer
    transport          // could not be sent
  };
  How how = How::sent_bye;
  int status = 0;                  // the SIP status of a refusal, else 0
  std::string reason_phrase;       // of the refusal
  int q850 = 0;                    // from a Reason header (Q.850), else 0
  std::vector<Address> redirects;  // contacts of a 3xx
  std::optional<std::uint32_t> retry_after;
};
std::string_view disposition(
    SessionEnd::How how);  // "send_bye", "recv_cancel", …: the record's sip_hangup_disposition

/// What a leg hears. Call thread. No call comes from inside a method of Session that the leg is calling,
/// except where said. After on_end nothing follows, and the session may be destroyed in it.
class SessionUser {
 public:
  virtual ~SessionUser() = default;
  /// UAC: 180, 183 … with the sdp that it carried (an answer, or repeated) or empty. `from_tag` tells
  /// early dialogs of a forked INVITE apart.
  virtual void on_progress(int status, std::string_view reason, const std::string& sdp,
                           std::string_view to_tag) = 0;
  /// UAC: the first 2xx; sdp is the answer (of the 2xx, or of a reliable 1xx before it; empty when the
  /// peer broke the rules and sent none). (Further 2xx of forks were answered by ACK and BYE already.)
  virtual void on_answered(const std::string& sdp) = 0;
  /// UAS: the ACK of our 2xx came; sdp is the answer when our 2xx carried the offer, else empty.
  /// (Empty after an offer of ours: the peer broke the rules.)
  virtual void on_confirmed(const std::string& sdp) = 0;
  /// The peer re-negotiates (re-INVITE or UPDATE, or the offer in a PRACK): reply by answer_offer or
  /// refuse_offer, now or later. Empty sdp: the peer asks for our offer (answer_offer sends it, and the
  /// peer's answer comes by on_offer_answered).
  /// An answer_offer that comes after the peer's CANCEL, after 60*T1 (answered 500), or twice is ignored.
  virtual void on_offer(const std::string& sdp) = 0;
  /// The peer's final reply to our send_offer: its answer, or empty with the status that refused it. The
  /// glare dance (491) and 500/Retry-After have been danced by then. Also the answer to an offer that we
  /// gave on request (200, or 488 when the peer's ACK or PRACK had none), and a changed answer to a refresh.
  virtual void on_offer_answered(int status, const std::string& sdp) = 0;
  /// INFO, MESSAGE inside the dialog; already answered 200 (or 415 for what the leg does not list).
  virtual void on_info(std::string_view content_type, const std::string& body) = 0;
  /// Last of all. For a BYE or CANCEL that arrived it is called before the 200 (487) goes out, so that the
  /// call's record is in the journal first.
  virtual void on_end(const SessionEnd& end) = 0;
};

/// What the session needs of the process. Not owned.
struct SessionServices {
  base::Timers* timers = nullptr;
  TransactionLayer* transactions = nullptr;
};

struct SessionSettings {
  std::string user_agent = "Switchroom";
  std::string contact_user;                                   // user part of our Contact
  base::Duration session_expires = std::chrono::minutes(30);  // RFC 4028; zero: not asked for
  base::Duration min_se = std::chrono::seconds(90);
  base::Duration first_answer{};  // UAC: no response at all for so long is none (zero: 64*T1, RFC 3261's)
  base::Duration ring_limit = std::chrono::minutes(5);  // deadline that reaps a leg nobody answers
  std::vector<Header> extra_headers;                    // on the INVITE (UAC) or on responses (UAS)
  bool may_update = false;                              // send_offer by UPDATE when the peer allows it
  std::vector<std::string> info_types{"application/dtmf-relay", "application/dtmf",
                                      "application/media_control+xml",
                                      "text/plain"};  // bodies of INFO and MESSAGE that are taken, lower case
  base::Duration t1 = std::chrono::milliseconds(500);  // RFC 3261's; as the transaction layer has them
  base::Duration t2 = std::chrono::seconds(4);
};

/// Facts about an INVITE that arrived, to decide with.
struct IncomingCall {
  Message invite;
  Flow from;
  TransactionId transaction = 0;
  std::string profile;
  std::string authenticated_user;  // empty when the profile does not challenge
  std::string trunk;               // that it came from, by its address; or empty
};

struct OutgoingCall {
  Uri request_uri;
  Flow to;  // resolved next hop
  std::vector<Flow>
      others;    // where the same peer is reached when nothing answers there, or 503 (RFC 3263 4.3)
  Address from;  // display and URI; the session adds the tag
  Address to_header;
  std::string sdp;  // the offer
  std::vector<Address> route;
  std::uint32_t max_forwards = 70;
  std::optional<DigestCredentials> credentials;
  /// Only a challenge of this realm is answered, and only where `to` and `others` lead.
  std::string credentials_realm;
  /// The extension whose phone is called, and the phone's +sip.instance; either may be empty.
  std::string extension, instance;
};

/// One dialog usage of INVITE. Call thread. A state machine: its only outputs are Transactions, Timers
/// and the user's callbacks, so tests drive it with a recorder and a manual clock.
/// Destroying a session that has not ended says goodbye (BYE, CANCEL or 480) without callbacks.
class Session {
 public:
  /// UAS. The INVITE has been admitted and authenticated.
  static std::unique_ptr<Session> incoming(SessionServices services, SessionSettings settings,
                                           IncomingCall call, SessionUser* user);
  /// UAC. Sends the INVITE at once.
  static std::unique_ptr<Session> outgoing(SessionServices services, SessionSettings settings,
                                           OutgoingCall call, SessionUser* user);
  virtual ~Session() = default;

  // -- UAS before the final response --
  /// 180 or 183 (sdp non-empty: early media). Reliable (RFC 3262) when the peer requires it.
  virtual void progress(int status, const std::string& sdp) = 0;
  /// 200 with the answer, or with our offer when the INVITE had none. Waits for an outstanding PRACK, or an
  /// offer that it brought; sends no SDP when a reliable 1xx settled the first exchange.
  virtual void accept(const std::string& sdp) = 0;
  /// 3xx-6xx. q850: put into a Reason header when not 0.
  virtual void refuse(int status, std::string_view reason = {}, int q850 = 0) = 0;

  // -- once established --
  /// re-INVITE, or UPDATE when the peer allows it and `may_update`. One at a time; queued behind another
  /// (of more than eight the last is replaced by the newest).
  virtual void send_offer(const std::string& sdp) = 0;
  virtual void answer_offer(const std::string& sdp) = 0;
  virtual void refuse_offer(int status = 488) = 0;
  virtual void send_info(std::string_view content_type, const std::string& body) = 0;

  /// Ends the call in any state: BYE, CANCEL (with Reason) or a refusal. on_end follows by another turn
  /// at the latest when the peer stays silent for 2 s after the goodbye (the transaction goes on alone).
  /// `sip_reason`: text of a Reason header for CANCEL, e.g. `SIP;cause=200;text="Call completed elsewhere"`.
  virtual void hang_up(int q850 = 16, std::string_view sip_reason = {}) = 0;

  /// The peer's phone has signed in by another flow of the same kind, and is reached there from now on.
  virtual void move_to(const Flow& flow) = 0;

  [[nodiscard]] virtual const Dialog& dialog() const = 0;
  [[nodiscard]] virtual const Flow& flow() const = 0;
  [[nodiscard]] virtual bool established() const = 0;  // 2xx sent or received
  [[nodiscard]] virtual bool ended() const = 0;
  [[nodiscard]] virtual const Message& invite() const = 0;  // as received or as sent
  [[nodiscard]] virtual bool peer_supports_update() const = 0;

  // -- requests inside the dialog, handed in by the endpoint's routing --
  virtual void on_request(TransactionId id, Message request, const Flow& from) = 0;
  virtual void on_ack(const Message& ack) = 0;
  virtual void on_cancel(const Message& cancel) = 0;
  virtual void on_server_failure(TransactionId id) = 0;
};

}  // namespace switchroom::sip
