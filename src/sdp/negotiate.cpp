// RFC 3264: a stream is found, its codecs matched, its addresses read; the rest is book-keeping.
#include "sdp/negotiate.hpp"

#include "base/random.hpp"
#include "sdp/codec.hpp"
#include "sdp/encryption.hpp"
#include "sdp/payload_types.hpp"
#include "sdp/text.hpp"

#include <algorithm>

namespace switchroom::sdp {
namespace {

constexpr std::uint32_t default_ptime = 20;  // ms, RFC 3551 4.2
constexpr std::uint32_t longest_ptime = 120;

bool is_open_audio(const MediaDescription& media) { return media.kind == "audio" && media.port != 0; }

Direction direction_of(bool sending, bool receiving) {
  if (sending) return receiving ? Direction::sendrecv : Direction::sendonly;
  return receiving ? Direction::recvonly : Direction::inactive;
}

Direction narrowed(Direction a, Direction b) {
  return direction_of(sends(a) && sends(b), receives(a) && receives(b));
}

/// The address as written, never resolved. Scopes ("%eth0") are no business of a peer's.
base::result<base::IpAddress, NegotiationError> literal_address(const std::string& host) {
  error_code bad;
  auto address = base::unmapped(asio::ip::make_address(host, bad));
  const bool broadcast = address.is_v4() && address.to_v4() == asio::ip::address_v4::broadcast();
  if (bad || host.find('%') != std::string::npos || address.is_multicast() || broadcast) {
    return NegotiationError::bad_address;
  }
  return address;
}

/// Where the peer takes RTP and RTCP, into `plan`.
std::optional<NegotiationError> read_addresses(const SessionDescription& peer, const MediaDescription& media,
                                               MediaPlan& plan) {
  const auto address = literal_address(media.connection.empty() ? peer.connection : media.connection);
  if (!address) return address.error();
  plan.remote_rtp.address = plan.remote_rtcp.address = *address;
  if (address->is_unspecified()) {
    // Ports stay 0: to the kernel 0.0.0.0 is this machine, and nothing may be sent there.
    plan.direction = narrowed(plan.direction, Direction::recvonly);
    return std::nullopt;
  }
  plan.remote_rtp.port = media.port;
  plan.remote_rtcp.port =
      media.rtcp_port.value_or(static_cast<std::uint16_t>(media.port + 1));  // after 65535: none
  return std::nullopt;
}

std::uint32_t ptime_of(const MediaDescription& media) {
  const auto wanted = std::min(media.ptime.value_or(default_ptime), media.maxptime.value_or(longest_ptime));
  return std::clamp<std::uint32_t>(wanted / 10 * 10, 10, longest_ptime);
}

/// What the peer's formats and ours have in common, in the peer's order. `receive_type` tells the payload
/// type under which the peer shall send what it names, or that we do not take it.
template <class ReceiveType>
void read_formats(const MediaDescription& media, MediaPlan& plan, const ReceiveType& receive_type) {
  for (const auto& format : media.formats) {
    const auto ours = receive_type(format);
    if (!ours) continue;
    AgreedCodec agreed{CodecId::pcmu, format.payload_type, *ours, format.fmtp};
    if (const auto codec = codec_of(format)) {
      agreed.codec = *codec;
      const bool known = std::any_of(plan.codecs.begin(), plan.codecs.end(),
                                     [&](const AgreedCodec& other) { return other.codec == *codec; });
      if (!known) plan.codecs.push_back(std::move(agreed));  // named twice: the first place counts
    } else if (is_comfort_noise(format)) {
      plan.comfort_noise = std::move(agreed);
    } else if (const auto clock = event_of(format)) {
      auto& event = *clock == EventClock::khz8 ? plan.telephone_event_8k : plan.telephone_event_48k;
      if (!event) event = std::move(agreed);
    }
  }
  const bool opus = std::any_of(plan.codecs.begin(), plan.codecs.end(),
                                [](const AgreedCodec& agreed) { return agreed.codec == CodecId::opus; });
  if (!opus) plan.telephone_event_48k.reset();  // a clock that no agreed stream keeps
  const bool narrow = std::any_of(plan.codecs.begin(), plan.codecs.end(), [](const AgreedCodec& agreed) {
    return agreed.codec == CodecId::pcmu || agreed.codec == CodecId::pcma;
  });
  if (!narrow) plan.comfort_noise.reset();
}

bool speaks(const LocalStream& local, CodecId codec) {
  return std::find(local.codecs.begin(), local.codecs.end(), codec) != local.codecs.end();
}

/// One stream of an offer, as we could take it.
base::result<MediaPlan, NegotiationError> take_stream(const SessionDescription& offer,
                                                      const MediaDescription& media,
                                                      const LocalStream& local) {
  MediaPlan plan;
  plan.direction = narrowed(mirrored(media.direction), local.direction);
  if (const auto failure = read_addresses(offer, media, plan)) return *failure;
  const bool same_family = local.rtp.address.is_v4() == plan.remote_rtp.address.is_v4();
  if (!same_family && !local.rtp.address.is_unspecified() && !plan.remote_rtp.address.is_unspecified()) {
    return NegotiationError::bad_address;  // no socket of ours reaches it
  }
  read_formats(media, plan, [&](const Format& format) -> std::optional<std::uint8_t> {
    const auto codec = codec_of(format);
    const bool taken =
        codec ? speaks(local, *codec)
              : is_comfort_noise(format) || (local.telephone_event && event_of(format).has_value());
    return taken ? std::optional(format.payload_type) : std::nullopt;
  });
  if (plan.codecs.empty()) return NegotiationError::no_common_codec;
  plan.ptime = ptime_of(media);
  plan.rtcp_mux = media.rtcp_mux;
  return plan;
}

struct TakenStream {
  std::size_t index = 0;
  MediaPlan plan;
  TakenKey key;
};

/// The audio streams that may be taken, encrypted ones first.
std::vector<TakenStream> willing_streams(const SessionDescription& offer, const LocalStream& local) {
  std::vector<TakenStream> streams;
  for (const bool encrypted : {true, false}) {
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
      if (!is_open_audio(offer.media[i])) continue;
      auto key = key_of_offer(offer, offer.media[i], local);
      if (key && key->encrypts() == encrypted) streams.push_back({i, {}, *key});
    }
  }
  return streams;
}

/// The first audio stream that fits; otherwise the failure that came nearest to fitting.
base::result<TakenStream, NegotiationError> choose_stream(const SessionDescription& offer,
                                                          const LocalStream& local) {
  std::optional<NegotiationError> failure;
  for (auto& stream : willing_streams(offer, local)) {
    auto plan = take_stream(offer, offer.media[stream.index], local);
    if (plan) {
      stream.plan = std::move(*plan);
      return std::move(stream);
    }
    if (!failure) failure = plan.error();
  }
  if (!failure) failure = encryption_refusal(offer, local);
  return failure.value_or(NegotiationError::no_audio);
}

/// An m= line that says no: port 0, all else as offered (RFC 3264 6).
MediaDescription refusal(std::string_view kind, std::string_view protocol, std::vector<std::string> formats) {
  MediaDescription media;
  media.kind = kind;
  media.protocol = protocol;
  media.raw_formats = std::move(formats);
  return media;
}

/// "video RTP/AVP 31 96": how LocalState keeps a refused line.
std::string kept(const MediaDescription& media) {
  auto text = media.kind + " " + media.protocol;
  for (const auto& format : media.raw_formats) {
    text += " " + format;
  }
  return text;
}

MediaDescription refusal(std::string_view kept_line) {
  const auto kind = text::take_token(kept_line);
  const auto protocol = text::take_token(kept_line);
  std::vector<std::string> formats;
  for (auto token = text::take_token(kept_line); !token.empty(); token = text::take_token(kept_line)) {
    formats.emplace_back(token);
  }
  return refusal(kind, protocol, std::move(formats));
}

/// Our own audio stream, without formats.
MediaDescription audio_of(const LocalStream& local) {
  MediaDescription media;
  media.port = local.rtp.port;
  media.direction = local.direction;
  media.ptime = local.ptime;
  if (local.rtcp_port != 0 && local.rtcp_port != local.rtp.port + 1) media.rtcp_port = local.rtcp_port;
  return media;
}

/// Everything but o= and the media.
SessionDescription frame(const LocalStream& local) {
  SessionDescription description;
  description.origin_host = description.connection = local.rtp.address.to_string();
  return description;
}

/// Gives the description its o= line: the version counts up with each change (RFC 3264 8).
void sign(SessionDescription& description, LocalState& state) {
  if (state.session_id == 0) {
    // 31 bits: a few phones read it into an int.
    state.session_id = (base::random_u64() & 0x7fffffffU) | 1U;
  }
  description.session_id = 0;
  description.version = 0;
  auto body = print(description);
  if (body != state.last_body) {
    ++state.version;
    state.last_body = std::move(body);
  }
  description.session_id = state.session_id;
  description.version = state.version;
}

/// The audio stream by which we answer `offered`.
MediaDescription answer_stream(const MediaDescription& offered, const LocalStream& local,
                               const MediaPlan& plan) {
  auto media = audio_of(local);
  media.protocol = offered.protocol;
  media.direction = plan.direction;
  for (const auto& agreed : plan.codecs) {
    media.formats.push_back(format_for(agreed.codec, agreed.receive_payload_type));
  }
  if (plan.comfort_noise) media.formats.push_back(comfort_noise_format());
  media.rtcp_mux = plan.rtcp_mux;
  if (plan.rtcp_mux) media.rtcp_port.reset();
  // RFC 5506: reports need not be compound. Ours always are, which is allowed too.
  for (const auto& attribute : offered.attributes) {
    if (attribute.name == "rtcp-rsize") media.attributes.push_back(attribute);
  }
  if (plan.telephone_event_8k) {
    media.formats.push_back(event_format(EventClock::khz8, plan.telephone_event_8k->receive_payload_type));
  }
  if (plan.telephone_event_48k) {
    media.formats.push_back(event_format(EventClock::khz48, plan.telephone_event_48k->receive_payload_type));
  }
  return media;
}

/// The answer's format as its rtpmap names it, or, when it has none, as we offered that payload type.
Format named_by(const Format& answered, const MediaDescription& offered) {
  if (!answered.encoding.empty()) return answered;
  for (const auto& format : offered.formats) {
    if (format.payload_type == answered.payload_type) {
      auto named = format;
      named.fmtp = answered.fmtp;
      return named;
    }
  }
  return answered;
}

}  // namespace

std::string_view describe(NegotiationError error) {
  switch (error) {
    case NegotiationError::no_audio: return "the peer has no audio stream for us";
    case NegotiationError::no_common_codec: return "no codec is common to both sides";
    case NegotiationError::encrypted_only: return "SRTP is forbidden here, or not of this kind";
    case NegotiationError::plain_only: return "SRTP is mandatory here";
    case NegotiationError::no_common_suite: return "no SRTP suite is common to both sides";
    case NegotiationError::keys_in_the_open: return "SRTP keys need TLS, or srtp_over_plain";
    case NegotiationError::no_fingerprint:
      return "DTLS was offered without a fingerprint that can be checked";
    case NegotiationError::bad_address: return "the peer's media address cannot be used";
  }
  return "the media could not be agreed on";
}

SessionDescription make_offer(const LocalStream& local, LocalState& state) {
  auto audio = audio_of(local);
  for (const auto codec : local.codecs) {
    audio.formats.push_back(format_for(codec, state.payload_types[static_cast<std::size_t>(codec)]));
  }
  if (local.telephone_event) {
    audio.formats.push_back(event_format(EventClock::khz8, state.event_8k));
    if (speaks(local, CodecId::opus))
      audio.formats.push_back(event_format(EventClock::khz48, state.event_48k));
  }
  offer_keys(local, state, audio);
  auto offer = frame(local);
  for (const auto& line : state.refused_media) {
    offer.media.push_back(refusal(line));
  }
  state.audio_index = std::min(state.audio_index, offer.media.size());
  offer.media.insert(offer.media.begin() + static_cast<std::ptrdiff_t>(state.audio_index), std::move(audio));
  sign(offer, state);
  return offer;
}

base::result<Answered, NegotiationError> answer_offer(const SessionDescription& offer,
                                                      const LocalStream& local, LocalState& state) {
  auto taken = choose_stream(offer, local);
  if (!taken) return taken.error();
  Answered answered{frame(local), std::move(taken->plan)};
  state.refused_media.clear();
  state.audio_index = taken->index;
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const auto& media = offer.media[i];
    if (i == taken->index) {
      auto stream = answer_stream(media, local, answered.plan);
      state.crypto.protocol = media.protocol;
      answer_key(taken->key, local, state.crypto, answered, stream);
      state.crypto.agree(answered.plan);
      answered.answer.media.push_back(std::move(stream));
    } else {
      answered.answer.media.push_back(refusal(media.kind, media.protocol, media.raw_formats));
      state.refused_media.push_back(kept(media));
    }
  }
  adopt_payload_types(offer.media[taken->index], answered.plan, state);
  sign(answered.answer, state);
  return answered;
}

base::result<MediaPlan, NegotiationError> accept_answer(const SessionDescription& offer,
                                                        const SessionDescription& answer) {
  const auto offered = std::find_if(offer.media.begin(), offer.media.end(), is_open_audio);
  const auto index = static_cast<std::size_t>(offered - offer.media.begin());
  if (offered == offer.media.end() || index >= answer.media.size()) return NegotiationError::no_audio;
  auto media = answer.media[index];
  if (!is_open_audio(media)) return NegotiationError::no_audio;
  if (!is_plain(media) && !is_encrypted(media)) return NegotiationError::no_audio;
  for (auto& format : media.formats) {
    format = named_by(format, *offered);
  }
  MediaPlan plan;
  plan.direction = narrowed(mirrored(media.direction), offered->direction);
  if (const auto failure = accept_key(*offered, answer, media, plan)) return *failure;
  if (const auto failure = read_addresses(answer, media, plan)) return *failure;
  read_formats(media, plan, [&](const Format& format) { return offered_type(*offered, format); });
  if (plan.codecs.empty()) return NegotiationError::no_common_codec;
  plan.ptime = ptime_of(media);
  plan.rtcp_mux = offered->rtcp_mux && media.rtcp_mux;
  return plan;
}

std::vector<CodecId> common_codecs(const SessionDescription& offer, const LocalStream& local) {
  std::vector<CodecId> common;
  const auto streams = willing_streams(offer, local);
  if (streams.empty()) return common;
  const auto& media = offer.media[streams.front().index];
  // Nothing is common with an address that no answer can use: it is refused before anybody's phone rings.
  if (!literal_address(media.connection.empty() ? offer.connection : media.connection)) return common;
  for (const auto& format : media.formats) {
    const auto codec = codec_of(format);
    if (codec && speaks(local, *codec) && std::find(common.begin(), common.end(), *codec) == common.end()) {
      common.push_back(*codec);
    }
  }
  return common;
}

std::optional<NegotiationError> encryption_refusal(const SessionDescription& offer,
                                                   const LocalStream& local) {
  std::optional<NegotiationError> refusal;
  for (const auto& media : offer.media) {
    if (!is_open_audio(media)) continue;
    const auto key = key_of_offer(offer, media, local);
    if (key) return std::nullopt;
    if (!refusal || *refusal == NegotiationError::no_audio) refusal = key.error();
  }
  return refusal;
}

}  // namespace switchroom::sdp
