// A leg: one peer of a call, its signalling and its sound together.
#pragma once

#include "base/clock.hpp"
#include "call/keys.hpp"
#include "call/leg_media.hpp"
#include "call/services.hpp"
#include "call/toll.hpp"
#include "call/variables.hpp"
#include "sip/cause.hpp"
#include "sip/endpoint/endpoint.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::call {

class Leg;

/// What happened on a leg, in order; the coroutine that minds the leg takes them one by one.
struct LegEvent {
  enum class Kind : std::uint8_t {
    ringing,       // 180 or another provisional without sound
    early_media,   // its plan is in force
    answered,      // its plan is in force
    confirmed,     // ACK of our 200; the plan is in force now also when the 200 carried the offer
    offer,         // the peer re-negotiates: media().has_offer(), or it asks for our offer
    failed_media,  // what the peer answered cannot be used: end the leg with `status`
    unsecured,     // its sound was to be encrypted by a handshake, which failed: end the leg
    renegotiated,  // the peer answered the offer that it had asked for; the new plan is in force
    silence        // no RTP for the time that the profile allows
  };
  Kind kind;
  int status = 0;
};

/// Who minds a leg: the call. Call thread; called in the turn that brings the news.
class LegOwner {
 public:
  virtual ~LegOwner() = default;
  /// The call's, which the lines of its legs in the log carry.
  [[nodiscard]] virtual const std::string& call_id() const = 0;
  virtual void on_leg_event(Leg& leg) = 0;
  /// A key was pressed (or let go); it is the newest in the leg's queue. on_leg_event() follows.
  virtual void on_leg_key(Leg& /*leg*/) {}
  /// It has used up what calls to the outside may cost in an hour: the call is to end.
  virtual void on_leg_over_cap(Leg& /*leg*/) {}
  /// Before a BYE or CANCEL that arrived is answered; the leg lives on until its owner drops it.
  virtual void on_leg_end(Leg& leg, const sip::SessionEnd& end) = 0;
};

/// What the configuration says of an incoming leg.
struct LegRules {
  const config::Profile& profile;
  std::string user_agent;
  OwnEncryption encryption;  // of the extension or trunk that calls
};

/// How to make an outgoing leg.
struct LegTarget {
  std::string label;                         // "user/1002", for people
  sip::OutgoingCall call;                    // all but the offer
  const config::Profile* profile = nullptr;  // not owned; of the call's snapshot
  OwnEncryption encryption;                  // of the extension or trunk that is called
  sip::SessionSettings settings;
  std::string extension;       // whose registered phone this is, or empty
  Variables variables;         // the leg's own: exported ones, those of {…} and […]
  std::string trunk;           // by which it goes, or empty
  std::shared_ptr<Toll> toll;  // what counts it, or null; shared: an INVITE may be sent again in another form
};

/// Call thread. Destroying a leg that lives says goodbye by itself (see sip::Session).
class Leg final : private sip::SessionUser {
 public:
  /// The caller's leg, in the turn that brought its INVITE.
  static std::unique_ptr<Leg> incoming(const Services& services, LegOwner* owner, sip::IncomingCall call,
                                       const LegRules& rules);
  /// Sends the INVITE with an offer to talk with somebody who speaks `partners` (LegMedia::codecs_with).
  static base::result<std::unique_ptr<Leg>, MediaError> outgoing(const Services& services, LegOwner* owner,
                                                                 LegTarget target,
                                                                 const std::vector<sdp::CodecId>& partners);
  ~Leg() override;
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;

  // -- the caller's side, before the final answer --
  /// Reads the offer of the INVITE, if it has one. First of all.
  base::result<void, MediaError> read_offer();
  void ring();
  /// 183 with an answer out of `codecs`, once; without an offer to answer it only rings.
  base::result<void, MediaError> send_early_media(const std::vector<sdp::CodecId>& codecs);
  /// 200 with the answer (that of the 183, if there was one), or with our offer. Nothing when answered.
  base::result<void, MediaError> answer(const std::vector<sdp::CodecId>& codecs);
  void refuse(int status, std::string_view reason, int q850);

  // -- once established --
  /// Answers the peer's re-offer, or its wish for ours, to talk with somebody who speaks `partners`; 488
  /// (and the old plan) when nothing fits.
  void answer_offer(const std::vector<sdp::CodecId>& partners);

  // -- key presses --
  /// What the peer presses; each one is news to the owner.
  [[nodiscard]] KeyQueue& keys() { return keys_; }
  /// In which form the peer gets presses: that of its profile, a tone where it knows no RFC 4733.
  [[nodiscard]] KeyForm hears_keys_as() const;
  /// A press towards the peer: its beginning and its end, or the whole.
  void press(const KeyPress& press);
  /// Listens for tones if the peer has no other way to press keys. With a `partner` they are taken out of
  /// what it hears when it gets them in another form, and left alone when it hears them as tones too. Again
  /// after each re-negotiation.
  void listen_for_keys(const Leg* partner);
  /// Tones are wanted also where the partner hears them as they are.
  void want_keys(bool on) { wants_keys_ = on; }

  /// Another call minds this leg from here on.
  void change_owner(LegOwner* owner) { owner_ = owner; }

  /// Ends the leg in any state. `sip_reason`: see sip::Session::hang_up.
  void hang_up(const sip::Cause& cause, std::string_view sip_reason = {});

  /// Nobody minds this leg any more: it may be destroyed as soon as it has ended.
  void release() { released_ = true; }
  [[nodiscard]] bool is_done() const { return released_ && ended(); }

  [[nodiscard]] std::optional<LegEvent> next_event();
  [[nodiscard]] bool established() const { return session_->established(); }
  [[nodiscard]] bool ended() const { return end_.has_value(); }
  [[nodiscard]] bool rang() const { return rang_; }
  [[nodiscard]] const std::optional<sip::SessionEnd>& end() const { return end_; }
  [[nodiscard]] LegMedia& media() { return media_; }
  [[nodiscard]] const LegMedia& media() const { return media_; }
  [[nodiscard]] const sip::Session& session() const { return *session_; }
  [[nodiscard]] const std::string& uuid() const { return uuid_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] bool is_incoming() const { return incoming_; }
  /// The extension that this is a phone of, proven by its password or its registration; or empty.
  [[nodiscard]] const std::string& extension() const { return extension_; }
  /// The trunk by which it came or goes: a peer outside; or empty.
  [[nodiscard]] const std::string& trunk() const { return trunk_; }
  /// What an outgoing leg was given to begin with; the call's stand in Call::variables().
  [[nodiscard]] const Variables& variables() const { return variables_; }

 private:
  Leg(const Services& services, LegOwner* owner, LegMediaSettings media, std::string label, bool incoming);

  // sip::SessionUser
  void on_progress(int status, std::string_view reason, const std::string& sdp,
                   std::string_view to_tag) override;
  void on_answered(const std::string& sdp) override;
  void on_confirmed(const std::string& sdp) override;
  void on_offer(const std::string& sdp) override;
  void on_offer_answered(int status, const std::string& sdp) override;
  void on_info(std::string_view content_type, const std::string& body) override;
  void on_end(const sip::SessionEnd& end) override;

  void push(LegEvent event);
  void on_digit(const media::Digit& digit);
  void add_key(const KeyPress& press, KeyForm form);
  void refuse_offer(MediaError error);
  void tell_of_forged_sound();
  void on_handshake(const media::HandshakeEnd& end);
  media::PortEvents port_events();

  LegOwner* owner_;  // not owned
  std::string uuid_;
  std::string label_;
  std::string extension_;
  std::string trunk_;
  std::shared_ptr<Toll> toll_;  // shared with the LegTarget that it was made from; or null
  bool incoming_;
  Variables variables_;
  bool rang_ = false;
  bool released_ = false;
  bool early_sent_ = false;
  bool wants_keys_ = false;
  bool tones_pass_ = false;       // the partner hears tones that we are told of
  bool asked_for_offer_ = false;  // the peer's re-INVITE had no SDP
  std::string early_tag_;         // whose early media is in force
  std::list<LegEvent> events_;    // no deque: it holds 0.6 KB while empty, as do the other queues of a call
  KeyQueue keys_;
  std::optional<sip::SessionEnd> end_;
  LegMedia media_;
  std::unique_ptr<sip::Session> session_;
  sip::DialogSeat seat_;  // last: it goes first
};

/// Presses of `from` that `to` does not hear by itself are pressed towards it.
void pass_on_keys(Leg& from, Leg& to);

}  // namespace switchroom::call
