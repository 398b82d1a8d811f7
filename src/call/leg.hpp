// A leg: one peer of a call, its signalling and its sound together.
#pragma once

#include "base/clock.hpp"
#include "call/leg_media.hpp"
#include "call/services.hpp"
#include "sip/cause.hpp"
#include "sip/endpoint/endpoint.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::call {

class Leg;

/// What happened on a leg, in order; the coroutine that minds the leg takes them one by one.
struct LegEvent {
  enum class Kind : std::uint8_t {
    ringing,         // 180 or another provisional without sound
    early_media,     // its plan is in force
    answered,        // its plan is in force
    confirmed,       // ACK of our 200; the plan is in force now also when the 200 carried the offer
    offer,           // the peer re-negotiates: media().has_offer(), or it asks for our offer
    offer_answered,  // the reply to our re-offer; status 2xx: the new plan is in force
    failed_media,    // what the peer answered cannot be used: end the leg with `status`
    silence          // no RTP for the time that the profile allows
  };
  Kind kind;
  int status = 0;
};

/// Who minds a leg: the call. Call thread; called in the turn that brings the news.
class LegOwner {
 public:
  virtual ~LegOwner() = default;
  virtual void on_leg_event(Leg& leg) = 0;
  /// Before a BYE or CANCEL that arrived is answered; the leg lives on until its owner drops it.
  virtual void on_leg_end(Leg& leg, const sip::SessionEnd& end) = 0;
};

/// How to make an outgoing leg.
struct LegTarget {
  std::string label;                         // "user/1002", for people
  sip::OutgoingCall call;                    // all but the offer
  const config::Profile* profile = nullptr;  // not owned; of the call's snapshot
  sip::SessionSettings settings;
};

/// Call thread. Destroying a leg that lives says goodbye by itself (see sip::Session).
class Leg final : private sip::SessionUser {
 public:
  /// The caller's leg, in the turn that brought its INVITE.
  static std::unique_ptr<Leg> incoming(const Services& services, LegOwner* owner, sip::IncomingCall call,
                                       const config::Profile& profile, const std::string& user_agent);
  /// Sends the INVITE with an offer of `codecs`.
  static base::result<std::unique_ptr<Leg>, MediaError> outgoing(const Services& services, LegOwner* owner,
                                                                 LegTarget target,
                                                                 const std::vector<sdp::CodecId>& codecs);
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
  /// Answers the peer's re-offer with what `codecs` allow; 488 (and the old plan) when nothing fits.
  bool answer_offer(const std::vector<sdp::CodecId>& codecs);
  void refuse_offer(int status);
  /// Offers `codecs` anew; offer_answered follows. False when it cannot be offered.
  bool send_offer(const std::vector<sdp::CodecId>& codecs);

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
  [[nodiscard]] bool asked_for_offer() const { return asked_for_offer_; }

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
  media::PortEvents port_events();

  LegOwner* owner_;  // not owned
  std::string uuid_;
  std::string label_;
  bool incoming_;
  bool rang_ = false;
  bool released_ = false;
  bool early_sent_ = false;
  bool asked_for_offer_ = false;  // the peer's re-INVITE had no SDP
  std::string early_tag_;         // whose early media is in force
  std::deque<LegEvent> events_;
  std::optional<sip::SessionEnd> end_;
  LegMedia media_;
  std::unique_ptr<sip::Session> session_;
  sip::DialogSeat seat_;  // last: it goes first
};

}  // namespace switchroom::call
