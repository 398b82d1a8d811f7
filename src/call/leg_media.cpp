#include "call/leg_media.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {

int sip_status(MediaError error) {
  switch (error) {
    case MediaError::malformed: return 400;
    case MediaError::not_acceptable: return 488;
    case MediaError::ports_used_up: break;
  }
  return 503;
}

std::string_view describe(MediaError error) {
  switch (error) {
    case MediaError::malformed: return "its SDP cannot be read";
    case MediaError::not_acceptable: return "no codec in common, or only encrypted sound was offered";
    case MediaError::ports_used_up: break;
  }
  return "no RTP port is free: widen [media] ports";
}

namespace {

std::optional<base::IpAddress> numeric(const std::string& text) {
  error_code ec;
  const auto address = asio::ip::make_address(text, ec);
  return ec || text.empty() ? std::nullopt : std::optional(address);
}

}  // namespace

LegMediaSettings leg_media_settings(const config::Profile& profile, const base::IpAddress& sip_local,
                                    const base::IpAddress& peer) {
  LegMediaSettings settings;
  base::IpAddress bind = numeric(profile.media_address).value_or(sip_local);
  if (bind.is_unspecified()) {
    bind = base::local_address_towards(peer);
  }
  settings.port.local = bind;
  settings.port.signalling_peer = peer;
  settings.port.rtp_timeout = profile.rtp_timeout;
  settings.port.hold_timeout = profile.rtp_hold_timeout;
  settings.advertised =
      numeric(profile.media_public_address).value_or(numeric(profile.public_address).value_or(bind));
  for (const auto& name : profile.codecs) {
    if (const auto codec = sdp::codec_named(name)) {
      settings.codecs.push_back(*codec);
    }
  }
  return settings;
}

LegMedia::LegMedia(media::Engine& engine, LegMediaSettings settings, media::PortEvents events)
    : engine_(engine), settings_(std::move(settings)), events_(std::move(events)) {}

base::result<void, MediaError> LegMedia::open(const media::Port* beside) {
  if (port_ == nullptr) {
    auto opened = engine_.open(settings_.port, events_, beside);
    if (!opened) {
      return MediaError::ports_used_up;
    }
    port_ = std::move(*opened);
  }
  return {};
}

sdp::LocalStream LegMedia::local(const std::vector<sdp::CodecId>& codecs) const {
  sdp::LocalStream stream;
  stream.rtp = {settings_.advertised, port_->local_rtp().port};
  stream.rtcp_port = port_->local_rtcp_port();
  stream.codecs = codecs;
  return stream;
}

void LegMedia::put_in_force(const sdp::MediaPlan& plan) {
  plan_ = plan;
  port_->apply(plan);
}

base::result<void, MediaError> LegMedia::receive_offer(const std::string& sdp) {
  auto parsed = sdp::parse(sdp);
  if (!parsed) {
    return MediaError::malformed;
  }
  remote_offer_ = std::move(*parsed);
  return {};
}

base::result<std::string, MediaError> LegMedia::answer(const std::vector<sdp::CodecId>& codecs) {
  if (const auto opened = open(); !opened) {
    return opened.error();
  }
  sdp::LocalState state = state_;
  auto answered = sdp::answer_offer(*remote_offer_, local(codecs), state);
  if (!answered) {
    return MediaError::not_acceptable;
  }
  state_ = std::move(state);
  remote_offer_.reset();
  put_in_force(answered->plan);
  last_answer_ = sdp::print(answered->answer);
  return last_answer_;
}

base::result<std::string, MediaError> LegMedia::offer(const std::vector<sdp::CodecId>& codecs) {
  if (const auto opened = open(); !opened) {
    return opened.error();
  }
  local_offer_ = sdp::make_offer(local(codecs), state_);
  return sdp::print(*local_offer_);
}

base::result<void, MediaError> LegMedia::receive_answer(const std::string& sdp) {
  if (!local_offer_) {
    return MediaError::malformed;
  }
  const auto parsed = sdp::parse(sdp);
  if (!parsed) {
    return MediaError::malformed;
  }
  const auto plan = sdp::accept_answer(*local_offer_, *parsed);
  if (!plan) {
    return MediaError::not_acceptable;
  }
  put_in_force(*plan);
  return {};
}

std::vector<sdp::CodecId> LegMedia::usable_codecs() const {
  if (plan_) {
    std::vector<sdp::CodecId> codecs;
    for (const auto& agreed : plan_->codecs) {
      codecs.push_back(agreed.codec);
    }
    return codecs;
  }
  return remote_offer_ ? offered(settings_.codecs) : settings_.codecs;
}

std::vector<sdp::CodecId> LegMedia::offered(const std::vector<sdp::CodecId>& codecs) const {
  return remote_offer_ ? sdp::common_codecs(*remote_offer_, codecs) : codecs;
}

std::string_view LegMedia::codec() const {
  if (!plan_ || plan_->codecs.empty()) {
    return {};
  }
  const auto sound = statistics();
  const bool spoken = sound.heard && std::ranges::any_of(plan_->codecs, [&](const sdp::AgreedCodec& agreed) {
                        return agreed.codec == sound.codec;  // not of a plan that has been replaced
                      });
  return sdp::name(spoken ? sound.codec : plan_->codecs.front().codec);
}

media::StreamStatistics LegMedia::statistics() const {
  return port_ == nullptr ? media::StreamStatistics{} : port_->statistics();
}

}  // namespace switchroom::call
