// What a leg hears of its peer, from the session and from the engine, and what it makes of it.
#include "base/log.hpp"
#include "call/leg.hpp"

namespace switchroom::call {

media::PortEvents Leg::port_events() {
  media::PortEvents events;
  events.on_digit = [this](const media::Digit& digit) { on_digit(digit); };
  events.on_forged = [this] { tell_of_forged_sound(); };
  events.on_handshake = [this](const media::HandshakeEnd& end) { on_handshake(end); };
  events.on_timeout = [this](base::Duration /*silent*/) { push({LegEvent::Kind::silence, 0}); };
  return events;
}

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
  if (toll_ != nullptr) {
    toll_->answered([this] { owner_->on_leg_over_cap(*this); });
  }
  // A 200 without SDP repeats what a reliable 183 agreed on (RFC 3264, RFC 6337 2.1).
  if (sdp.empty() && media_.plan()) {
    media_.expect_handshake();
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
  } else {
    media_.expect_handshake();
  }
  push({LegEvent::Kind::confirmed, 0});
}

void Leg::on_offer(const std::string& sdp) {
  asked_for_offer_ = sdp.empty();
  if (!sdp.empty()) {
    if (const auto read = media_.receive_offer(sdp); !read) {
      refuse_offer(read.error());
      return;
    }
  }
  push({LegEvent::Kind::offer, 0});
}

// The answer to an offer that the peer asked for; when it refused that, the old plan stays.
void Leg::on_offer_answered(int status, const std::string& sdp) {
  if (status < 200 || status >= 300) {
    return;
  }
  if (const auto read = media_.receive_answer(sdp); !read) {
    push({LegEvent::Kind::failed_media, sip_status(read.error())});
    return;
  }
  keys_.forget_form();
  push({LegEvent::Kind::renegotiated, 0});
}

void Leg::tell_of_forged_sound() {
  log::line(log::Level::warning, log::Subsystem::call, owner_->call_id(),
            "sound from {} at {} fails its SRTP check and is dropped (pbxctl call show counts it as forged): "
            "the phone uses another key than it announced, or somebody sends in its name",
            label_, base::text(session_->flow().remote));
}

// A phone that rings may begin its handshake as late as it answers.
void Leg::on_handshake(const media::HandshakeEnd& end) {
  using Outcome = media::HandshakeEnd::Outcome;
  const bool waits = end.outcome == Outcome::overdue && !established();
  if (end.outcome == Outcome::secured || waits) {
    log::line(log::Level::debug, log::Subsystem::call, owner_->call_id(),
              "the DTLS handshake with {} at {}: {}", label_, base::text(end.peer), end.what);
    return;
  }
  if (ended()) {
    return;
  }
  log::line(log::Level::warning, log::Subsystem::call, owner_->call_id(),
            "sound with {} at {} cannot be encrypted, and the call ends: {}", label_, base::text(end.peer),
            end.what);
  push({LegEvent::Kind::unsecured, 0});
}

void Leg::on_info(std::string_view content_type, const std::string& body) {
  if (const auto press = parse_info_key(content_type, body)) {
    add_key(*press, KeyForm::info);
    return;
  }
  log::line(log::Level::debug, log::Subsystem::call, owner_->call_id(),
            "INFO with {} has no use in this call", content_type);
}

void Leg::on_end(const sip::SessionEnd& end) {
  end_ = end;
  if (toll_ != nullptr) {
    toll_->ended();
  }
  owner_->on_leg_end(*this, end);
}

}  // namespace switchroom::call
