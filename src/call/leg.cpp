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
  return endpoint.transports().local_for(flow).address;
}

}  // namespace

Leg::Leg(const Services& services, LegOwner* owner, LegMediaSettings media, std::string label, bool incoming)
    : owner_(owner),
      uuid_(base::random_uuid()),
      label_(std::move(label)),
      incoming_(incoming),
      media_(services.media, std::move(media), port_events()) {}

Leg::~Leg() {
  if (toll_ != nullptr) {
    toll_->ended();
  }
}

std::unique_ptr<Leg> Leg::incoming(const Services& services, LegOwner* owner, sip::IncomingCall call,
                                   const LegRules& rules) {
  auto media =
      leg_media_settings(rules.profile, sip_local(services.endpoint, call.from), call.from.remote.address);
  media.encryption = leg_encryption(rules.profile, rules.encryption, sip::is_secure(call.from.kind));
  std::unique_ptr<Leg> leg(new Leg(services, owner, std::move(media), call.invite.from.uri.user, true));
  leg->extension_ = call.authenticated_user;
  leg->trunk_ = call.trunk;
  auto settings = session_settings(rules.profile, rules.user_agent, call.invite.request_uri.user);
  auto seated = services.endpoint.incoming(std::move(settings), std::move(call), leg.get());
  leg->session_ = std::move(seated.session);
  leg->seat_ = std::move(seated.seat);
  return leg;
}

base::result<std::unique_ptr<Leg>, MediaError> Leg::outgoing(const Services& services, LegOwner* owner,
                                                             LegTarget target,
                                                             const std::vector<sdp::CodecId>& partners) {
  auto media = leg_media_settings(*target.profile, sip_local(services.endpoint, target.call.to),
                                  target.call.to.remote.address);
  media.encryption = leg_encryption(*target.profile, target.encryption, sip::is_secure(target.call.to.kind));
  std::unique_ptr<Leg> leg(new Leg(services, owner, std::move(media), target.label, false));
  leg->extension_ = target.extension;
  leg->trunk_ = std::move(target.trunk);
  leg->toll_ = std::move(target.toll);
  auto offer = leg->media_.offer(leg->media_.codecs_with(partners));
  if (!offer) {
    return offer.error();
  }
  target.call.sdp = std::move(*offer);
  leg->variables_ = std::move(target.variables);
  target.settings.log_id = owner->call_id();
  auto seated = services.endpoint.outgoing(std::move(target.settings), std::move(target.call), leg.get());
  leg->session_ = std::move(seated.session);
  leg->seat_ = std::move(seated.seat);
  return leg;
}

// -- what the call asks for ------------------------------------------------------------------------

base::result<void, MediaError> Leg::read_offer() {
  const std::string& body = session_->invite().body;
  if (body.empty()) {
    return {};
  }
  const auto read = media_.receive_offer(body);
  if (read && media_.passes_keys_over()) {
    log::line(log::Level::info, log::Subsystem::call, owner_->call_id(),
              "{} offers SRTP keys by signalling that others can read: they are not used, its sound stays "
              "plain; TLS at the phone would change that, or srtp_over_plain in the profile",
              label_);
  }
  return read;
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

void Leg::answer_offer(const std::vector<sdp::CodecId>& partners) {
  const auto codecs = media_.codecs_with(partners);
  auto sdp = asked_for_offer_ ? media_.offer(codecs) : media_.answer(codecs);
  if (!sdp) {
    refuse_offer(sdp.error());
    return;
  }
  asked_for_offer_ = false;
  keys_.forget_form();
  session_->answer_offer(*sdp);
}

void Leg::refuse_offer(MediaError error) {
  log::line(log::Level::info, log::Subsystem::call, owner_->call_id(), "a new offer of {} is refused: {}",
            label_, describe(error));
  asked_for_offer_ = false;
  media_.drop_offer();
  session_->refuse_offer(sip_status(error));
}

// -- key presses -----------------------------------------------------------------------------------

KeyForm Leg::hears_keys_as() const {
  const auto& plan = media_.plan();
  const bool knows_events = plan && (plan->telephone_event_8k || plan->telephone_event_48k);
  const KeyForm configured = media_.key_form();
  return configured == KeyForm::event && !knows_events ? KeyForm::tone : configured;
}

void Leg::press(const KeyPress& press) {
  if (ended()) {
    return;
  }
  if (hears_keys_as() == KeyForm::info) {
    if (press.phase != KeyPress::Phase::begun) {
      session_->send_info(info_key_type, write_info_key(press));
    }
    return;
  }
  media::Port* const port = media_.port();
  if (port == nullptr) {
    return;
  }
  switch (press.phase) {
    case KeyPress::Phase::begun: port->press(press.key); break;
    case KeyPress::Phase::ended: port->release(); break;
    case KeyPress::Phase::whole: port->press(press.key, press.length); break;
  }
}

void Leg::listen_for_keys(const Leg* partner) {
  if (media_.port() == nullptr) {
    return;
  }
  const bool only_tones = hears_keys_as() == KeyForm::tone;
  const bool partner_hears_them = partner != nullptr && partner->hears_keys_as() == KeyForm::tone;
  tones_pass_ = only_tones && partner_hears_them && wants_keys_;
  media_.port()->listen_for_tones(!only_tones || (partner_hears_them && !wants_keys_)
                                      ? media::ToneKeys::ignored
                                  : partner != nullptr && !partner_hears_them ? media::ToneKeys::taken_out
                                                                              : media::ToneKeys::told);
}

void Leg::on_digit(const media::Digit& digit) {
  const bool is_tone = digit.form == media::Digit::Form::tone;
  add_key({.key = digit.key,
           .phase = digit.ended ? KeyPress::Phase::ended : KeyPress::Phase::begun,
           .length = digit.length,
           .passed_on = is_tone ? tones_pass_ : digit.relayed},
          is_tone ? KeyForm::tone : KeyForm::event);
}

void Leg::add_key(const KeyPress& press, KeyForm form) {
  if (keys_.push(press, form)) {
    owner_->on_leg_key(*this);
    owner_->on_leg_event(*this);
  }
}

void pass_on_keys(Leg& from, Leg& to) {
  while (const auto press = from.keys().next()) {
    if (!press->passed_on || to.hears_keys_as() == KeyForm::info) {
      to.press(*press);
    }
  }
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

}  // namespace switchroom::call
