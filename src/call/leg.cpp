#include "call/leg.hpp"

#include "base/log.hpp"
#include "base/random.hpp"

#include <utility>

namespace switchroom::call {
namespace {

// RFC 3261 8.1.1.8: our Contact names the extension or number that the peer reached.
sip::SessionSettings session_settings(const config::Profile& profile, const std::string& user_agent,
                                      std::string contact) {
  sip::SessionSettings settings;
  settings.user_agent = user_agent;
  settings.contact_user = std::move(contact);
  settings.session_expires = profile.session_timeout;
  settings.min_se = profile.min_session_timeout;
  return settings;
}

base::IpAddress sip_local(sip::Endpoint& endpoint, const sip::Flow& flow) {
  const sip::Listener* listener = endpoint.transports().find(flow.listener);
  return listener == nullptr ? base::IpAddress() : listener->local.address;
}

}  // namespace

Leg::Leg(const Services& services, LegOwner* owner, LegMediaSettings media, std::string label, bool incoming)
    : owner_(owner),
      uuid_(base::random_uuid()),
      label_(std::move(label)),
      incoming_(incoming),
      media_(services.media, std::move(media), port_events()) {}

Leg::~Leg() = default;

std::unique_ptr<Leg> Leg::incoming(const Services& services, LegOwner* owner, sip::IncomingCall call,
                                   const config::Profile& profile, const std::string& user_agent) {
  auto media = leg_media_settings(profile, sip_local(services.endpoint, call.from), call.from.remote.address);
  std::unique_ptr<Leg> leg(new Leg(services, owner, std::move(media), call.invite.from.uri.user, true));
  auto settings = session_settings(profile, user_agent, call.invite.request_uri.user);
  auto seated = services.endpoint.incoming(std::move(settings), std::move(call), leg.get());
  leg->session_ = std::move(seated.session);
  leg->seat_ = std::move(seated.seat);
  return leg;
}

base::result<std::unique_ptr<Leg>, MediaError> Leg::outgoing(const Services& services, LegOwner* owner,
                                                             LegTarget target,
                                                             const std::vector<sdp::CodecId>& codecs) {
  auto media = leg_media_settings(*target.profile, sip_local(services.endpoint, target.call.to),
                                  target.call.to.remote.address);
  std::unique_ptr<Leg> leg(new Leg(services, owner, std::move(media), target.label, false));
  auto offer = leg->media_.offer(codecs);
  if (!offer) {
    return offer.error();
  }
  target.call.sdp = std::move(*offer);
  auto seated = services.endpoint.outgoing(std::move(target.settings), std::move(target.call), leg.get());
  leg->session_ = std::move(seated.session);
  leg->seat_ = std::move(seated.seat);
  return leg;
}

media::PortEvents Leg::port_events() {
  media::PortEvents events;
  events.on_timeout = [this](base::Duration /*silent*/) { push({LegEvent::Kind::silence, 0}); };
  return events;
}

// -- what the call asks for ------------------------------------------------------------------------

base::result<void, MediaError> Leg::read_offer() {
  const std::string& body = session_->invite().body;
  return body.empty() ? base::result<void, MediaError>() : media_.receive_offer(body);
}

void Leg::ring() {
  if (!rang_ && !ended() && !established()) {
    rang_ = true;
    session_->progress(180, {});
  }
}

base::result<void, MediaError> Leg::send_early_media(const std::vector<sdp::CodecId>& codecs) {
  if (early_sent_ || ended() || established()) {
    return {};
  }
  if (!media_.has_offer()) {
    ring();
    return {};
  }
  auto sdp = media_.answer(codecs);
  if (!sdp) {
    return sdp.error();
  }
  early_sent_ = true;
  session_->progress(183, *sdp);
  return {};
}

base::result<void, MediaError> Leg::answer(const std::vector<sdp::CodecId>& codecs) {
  if (ended() || established()) {
    return {};
  }
  if (early_sent_) {
    session_->accept(media_.last_answer());  // RFC 3264: the answer was given, it may only be repeated
    return {};
  }
  auto sdp = media_.has_offer() ? media_.answer(codecs) : media_.offer(codecs);
  if (!sdp) {
    return sdp.error();
  }
  session_->accept(*sdp);
  return {};
}

void Leg::refuse(int status, std::string_view reason, int q850) {
  if (!ended()) {
    session_->refuse(status, reason, q850);
  }
}

bool Leg::answer_offer(const std::vector<sdp::CodecId>& codecs) {
  auto sdp = asked_for_offer_ ? media_.offer(codecs) : media_.answer(codecs);
  if (!sdp) {
    refuse_offer(sip_status(sdp.error()));
    return false;
  }
  asked_for_offer_ = false;
  session_->answer_offer(*sdp);
  return true;
}

void Leg::refuse_offer(int status) {
  asked_for_offer_ = false;
  media_.drop_offer();
  session_->refuse_offer(status);
}

bool Leg::send_offer(const std::vector<sdp::CodecId>& codecs) {
  auto sdp = media_.offer(codecs);
  if (sdp) {
    session_->send_offer(*sdp);
  }
  return sdp.has_value();
}

void Leg::hang_up(const sip::Cause& cause, std::string_view sip_reason) {
  if (!ended()) {
    session_->hang_up(cause.q850, sip_reason);
  }
}

std::optional<LegEvent> Leg::next_event() {
  if (events_.empty()) {
    return std::nullopt;
  }
  const LegEvent event = events_.front();
  events_.pop_front();
  return event;
}

// -- what the session tells ------------------------------------------------------------------------

void Leg::push(LegEvent event) {
  events_.push_back(event);
  owner_->on_leg_event(*this);
}

void Leg::on_progress(int status, std::string_view /*reason*/, const std::string& sdp,
                      std::string_view to_tag) {
  const bool same_fork = early_tag_.empty() || early_tag_ == to_tag;
  if (!sdp.empty() && same_fork && media_.receive_answer(sdp)) {
    early_tag_ = to_tag;
    push({LegEvent::Kind::early_media, status});
    return;
  }
  push({LegEvent::Kind::ringing, status});
}

void Leg::on_answered(const std::string& sdp) {
  // A 200 without SDP repeats what a reliable 183 agreed on (RFC 3264, RFC 6337 2.1).
  if (sdp.empty() && media_.plan()) {
    push({LegEvent::Kind::answered, 200});
    return;
  }
  if (const auto read = media_.receive_answer(sdp); !read) {
    push({LegEvent::Kind::failed_media, sip_status(read.error())});
    return;
  }
  push({LegEvent::Kind::answered, 200});
}

void Leg::on_confirmed(const std::string& sdp) {
  if (!sdp.empty()) {
    if (const auto read = media_.receive_answer(sdp); !read) {
      push({LegEvent::Kind::failed_media, sip_status(read.error())});
      return;
    }
  } else if (!media_.plan()) {
    push({LegEvent::Kind::failed_media, 488});  // our 200 held the offer, the ACK has no answer
    return;
  }
  push({LegEvent::Kind::confirmed, 0});
}

void Leg::on_offer(const std::string& sdp) {
  asked_for_offer_ = sdp.empty();
  if (!sdp.empty()) {
    if (const auto read = media_.receive_offer(sdp); !read) {
      refuse_offer(sip_status(read.error()));
      return;
    }
  }
  push({LegEvent::Kind::offer, 0});
}

void Leg::on_offer_answered(int status, const std::string& sdp) {
  if (status >= 200 && status < 300) {
    if (const auto read = media_.receive_answer(sdp); !read) {
      push({LegEvent::Kind::failed_media, sip_status(read.error())});
      return;
    }
  }
  push({LegEvent::Kind::offer_answered, status});
}

void Leg::on_info(std::string_view content_type, const std::string& /*body*/) {
  log::line(log::Level::debug, log::Subsystem::call, uuid_, "INFO with {} has no use in this call",
            content_type);
}

void Leg::on_end(const sip::SessionEnd& end) {
  end_ = end;
  owner_->on_leg_end(*this, end);
}

}  // namespace switchroom::call
