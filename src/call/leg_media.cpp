#include "call/leg_media.hpp"

#include "media/codec/codec.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {

int sip_status(MediaError error) {
  switch (error) {
    case MediaError::malformed: return 400;
    case MediaError::not_acceptable:
    case MediaError::plain_refused:
    case MediaError::encrypted_refused:
    case MediaError::no_common_suite:
    case MediaError::no_fingerprint:
    case MediaError::keys_in_the_open: return 488;
    case MediaError::ports_used_up: break;
  }
  return 503;
}

std::string_view describe(MediaError error) {
  switch (error) {
    case MediaError::malformed: return "its SDP cannot be read";
    case MediaError::not_acceptable: return "no codec in common";
    case MediaError::plain_refused: return "SRTP is mandatory here";
    case MediaError::encrypted_refused: return "SRTP is forbidden here, or not of this kind";
    case MediaError::no_common_suite: return "no SRTP suite in common";
    case MediaError::no_fingerprint: return "DTLS was offered without a fingerprint that can be checked";
    case MediaError::keys_in_the_open: return "SRTP keys need TLS, or srtp_over_plain in the profile";
    case MediaError::ports_used_up: break;
  }
  return "no RTP port is free: widen [media] ports";
}

namespace {

MediaError media_error(sdp::NegotiationError error) {
  switch (error) {
    case sdp::NegotiationError::plain_only: return MediaError::plain_refused;
    case sdp::NegotiationError::encrypted_only: return MediaError::encrypted_refused;
    case sdp::NegotiationError::no_common_suite: return MediaError::no_common_suite;
    case sdp::NegotiationError::no_fingerprint: return MediaError::no_fingerprint;
    case sdp::NegotiationError::keys_in_the_open: return MediaError::keys_in_the_open;
    default: return MediaError::not_acceptable;
  }
}

std::string_view dtls_name(sdp::CryptoSuite suite) {
  using Suite = sdp::CryptoSuite;
  switch (suite) {
    case Suite::aes_cm_128_hmac_sha1_80: return "DTLS AES_CM_128_HMAC_SHA1_80";
    case Suite::aes_cm_128_hmac_sha1_32: return "DTLS AES_CM_128_HMAC_SHA1_32";
    case Suite::aead_aes_128_gcm: return "DTLS AEAD_AES_128_GCM";
    case Suite::aead_aes_256_gcm: return "DTLS AEAD_AES_256_GCM";
    case Suite::aes_256_cm_hmac_sha1_80: break;
  }
  return "DTLS";
}

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
  settings.key_form = key_form(profile.dtmf);
  settings.hold_music = profile.hold_music;
  settings.gain_in = profile.gain_in;
  settings.gain_out = profile.gain_out;
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
    if (settings_.gain_in != 0 || settings_.gain_out != 0) {
      port_->amplify(settings_.gain_in, settings_.gain_out);
    }
  }
  return {};
}

sdp::LocalStream LegMedia::wishes(const std::vector<sdp::CodecId>& codecs) const {
  sdp::LocalStream stream;
  stream.codecs = codecs;
  stream.encryption = settings_.encryption.wanted;
  stream.suites = settings_.encryption.suites;
  stream.prefers_dtls = settings_.encryption.prefers_dtls;
  if (settings_.encryption.dtls) {
    stream.dtls = sdp::LocalDtls{engine_.fingerprint(), settings_.port.signalling_peer};
  }
  return stream;
}

sdp::LocalStream LegMedia::local(const std::vector<sdp::CodecId>& codecs) const {
  sdp::LocalStream stream = wishes(codecs);
  stream.rtp = {settings_.advertised, port_->local_rtp().port};
  stream.rtcp_port = port_->local_rtcp_port();
  stream.telephone_event = settings_.key_form == KeyForm::event;
  return stream;
}

void LegMedia::put_in_force(sdp::MediaPlan plan) {
  state_.crypto.agree(plan);
  if (plan.dtls) {
    plan.dtls->suites = settings_.encryption.dtls_suites;
  }
  plan_ = std::move(plan);
  port_->apply(*plan_);
}

void LegMedia::expect_handshake() {
  if (plan_ && plan_->dtls) {
    port_->apply(*plan_);
  }
}

base::result<void, MediaError> LegMedia::receive_offer(const std::string& sdp) {
  auto parsed = sdp::parse(sdp);
  if (!parsed) {
    return MediaError::malformed;
  }
  if (const auto refusal = sdp::encryption_refusal(*parsed, wishes({}))) {
    return media_error(*refusal);
  }
  remote_offer_ = std::move(*parsed);
  return {};
}

bool LegMedia::passes_keys_over() const {
  const auto names = [](const std::vector<sdp::Attribute>& list, std::string_view name) {
    return std::ranges::any_of(list, [&](const sdp::Attribute& one) { return one.name == name; });
  };
  return settings_.encryption.in_the_open && remote_offer_ &&
         !(settings_.encryption.dtls && names(remote_offer_->attributes, "fingerprint")) &&
         std::ranges::any_of(remote_offer_->media, [&](const sdp::MediaDescription& media) {
           return names(media.attributes, "crypto") &&
                  !(settings_.encryption.dtls && names(media.attributes, "fingerprint"));
         });
}

base::result<std::string, MediaError> LegMedia::answer(const std::vector<sdp::CodecId>& codecs) {
  if (const auto opened = open(); !opened) {
    return opened.error();
  }
  sdp::LocalState state = state_;
  auto answered = sdp::answer_offer(*remote_offer_, local(codecs), state);
  if (!answered) {
    return media_error(answered.error());
  }
  state_ = std::move(state);
  remote_offer_.reset();
  put_in_force(answered->plan);
  last_answer_ = sdp::print(answered->answer);
  return last_answer_;
}

base::result<std::string, MediaError> LegMedia::offer(const std::vector<sdp::CodecId>& codecs) {
  if (settings_.encryption.wanted == sdp::Encryption::mandatory &&
      settings_.encryption.offered() == LegEncryption::Form::plain) {
    return MediaError::keys_in_the_open;
  }
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
    return media_error(plan.error());
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
  return remote_offer_ ? sdp::common_codecs(*remote_offer_, wishes(settings_.codecs)) : settings_.codecs;
}

std::vector<sdp::CodecId> LegMedia::codecs_with(const std::vector<sdp::CodecId>& partners) const {
  const auto is_in = [](const std::vector<sdp::CodecId>& codecs, sdp::CodecId codec) {
    return std::ranges::find(codecs, codec) != codecs.end();
  };
  std::vector<sdp::CodecId> codecs = partners;
  std::erase_if(codecs, [&](sdp::CodecId codec) { return !is_in(settings_.codecs, codec); });
  if (remote_offer_) {
    codecs = sdp::common_codecs(*remote_offer_, wishes(codecs));
    return codecs.empty() ? settings_.codecs : codecs;
  }
  for (const auto codec : settings_.codecs) {
    if (!is_in(codecs, codec)) {
      codecs.push_back(codec);
    }
  }
  return codecs;
}

unsigned LegMedia::sound_rate() const {
  return plan_ && !plan_->codecs.empty() ? media::natural_rate(plan_->codecs.front().codec) : 8000;
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

std::string_view LegMedia::encryption() const {
  if (!plan_) {
    return {};
  }
  if (plan_->dtls) {
    const auto suite = statistics().handshake_suite;
    return suite ? dtls_name(*suite) : std::string_view("DTLS handshake");
  }
  return plan_->srtp ? sdp::name(plan_->srtp->send.suite) : std::string_view("none");
}

media::StreamStatistics LegMedia::statistics() const {
  return port_ == nullptr ? media::StreamStatistics{} : port_->statistics();
}

}  // namespace switchroom::call
