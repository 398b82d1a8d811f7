// Offer and answer as pure functions. RFC 3264.
#pragma once

#include "sdp/crypto.hpp"
#include "sdp/dtls.hpp"
#include "sdp/session_description.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::sdp {

/// The codecs that Switchroom knows by name. Order here means nothing.
enum class CodecId : std::uint8_t { pcmu, pcma, g722, opus };
inline constexpr std::size_t codec_count = 4;
std::string_view name(CodecId codec);                       // "PCMU", "opus"
std::optional<CodecId> codec_named(std::string_view name);  // without case

/// One codec as both sides agreed on it. Each side names the payload type that it wants to receive.
struct AgreedCodec {
  CodecId codec = CodecId::pcmu;
  std::uint8_t send_payload_type = 0;     // what the peer wants to get
  std::uint8_t receive_payload_type = 0;  // what we told the peer to send
  std::string peer_fmtp;
};

/// What one leg's audio stream agreed to: all that a media port must know. A value.
struct MediaPlan {
  base::Endpoint remote_rtp;  // port 0: the peer takes no media
  base::Endpoint remote_rtcp;
  Direction direction = Direction::sendrecv;       // ours: do we send, do we receive
  std::vector<AgreedCodec> codecs;                 // in the answerer's order; the first is the one in use
  std::optional<AgreedCodec> telephone_event_8k;   // RFC 4733 at 8000 Hz (codec field unused)
  std::optional<AgreedCodec> telephone_event_48k;  // … at 48000 Hz, with opus
  std::optional<AgreedCodec> comfort_noise;        // RFC 3389 at 8000 Hz (codec field unused)
  std::uint32_t ptime = 20;                        // ms that the peer wants to receive
  bool rtcp_mux = false;
  std::optional<SrtpPlan> srtp;  // keys that stood in SDP; or …
  std::optional<DtlsPlan> dtls;  // … those of a handshake; neither: plain RTP
  [[nodiscard]] bool on_hold() const { return !receives(mirrored(direction)); }  // the peer hears nothing
};

/// Where we are, and what we are willing to speak.
struct LocalStream {
  base::Endpoint rtp;  // advertised address
  std::uint16_t rtcp_port = 0;
  std::vector<CodecId> codecs;  // in our order of preference
  bool telephone_event = true;
  Direction direction = Direction::sendrecv;
  std::uint32_t ptime = 20;
  Encryption encryption = Encryption::forbidden;
  /// Of keys in SDP, in our order. Empty: none may be sent or taken there, since others could read them.
  std::vector<CryptoSuite> suites;
  std::optional<LocalDtls> dtls;  // empty: no handshakes
  bool prefers_dtls = false;      // of an offer with both, and for our own
};

/// Our keys, one for each suite that was ever offered or answered, and what is in force.
struct CryptoState {
  std::vector<SrtpKey> own;
  std::optional<SrtpKey> peer;
  std::string protocol;          // under which the peer offered the stream; empty: it never did
  std::optional<DtlsPlan> dtls;  // in force
  base::Endpoint dtls_place;     // the peer's, of that handshake
  bool dtls_mux = false;
  std::uint32_t associations = 0;  // so many there were
  std::string own_id;              // our tls-id in the last one
  /// `plan` is in force from here on; names its association.
  void agree(MediaPlan& plan);
};

/// Our side of one leg's offer/answer state across re-negotiations: payload types that were given out
/// stay what they are (RFC 3264 8.3.2), the o= version counts up with each change. A value; copy it to try.
struct LocalState {
  std::uint64_t session_id = 0;  // 0: a random one is taken
  std::uint64_t version = 0;
  std::string last_body;  // without o=: to see whether anything changed
  std::array<std::uint8_t, codec_count> payload_types{0, 8, 9, 111};
  std::uint8_t event_8k = 101;
  std::uint8_t event_48k = 110;
  std::vector<std::string> refused_media;  // m= lines beside audio that must be kept, refused, in order
  std::size_t audio_index = 0;
  CryptoState crypto;
};

/// An offer of the codecs in `local`, in its order, with the payload types of `state`; streams that were
/// refused before stay in their places. The o= version counts up when the body is another than the last.
SessionDescription make_offer(const LocalStream& local, LocalState& state);

enum class NegotiationError : std::uint8_t {
  no_audio,
  no_common_codec,
  encrypted_only,    // the peer wants encryption that we do not do, or may not
  plain_only,        // we want encryption, the peer offers none
  no_common_suite,   // keys were offered, none that we can use
  keys_in_the_open,  // keys were offered by signalling that others can read
  no_fingerprint,    // DTLS was offered without a fingerprint that proves anything
  bad_address
};
std::string_view describe(NegotiationError error);

struct Answered {
  SessionDescription answer;
  MediaPlan plan;
};
/// Answers `offer`: the first audio stream that fits is taken, an encrypted one before a plain one, all
/// others are refused by port 0; codecs in the offerer's order filtered by ours, so that one stream never
/// flaps between two; payload types of the offer are used both ways; direction mirrored and narrowed by
/// `local.direction`. A host name is a bad_address: what a stranger names is never looked up. After an error
/// `state` is what it was. c=0.0.0.0 is the hold of RFC 2543 (RFC 3264 8.4): we send nothing, and the plan's
/// ports are 0.
base::result<Answered, NegotiationError> answer_offer(const SessionDescription& offer,
                                                      const LocalStream& local, LocalState& state);

/// Reads the answer to our own offer: payload types may differ each way (RFC 3264 6.1), the direction is
/// narrowed by what was offered. no_audio: the answer refuses the stream by port 0, or lacks it.
base::result<MediaPlan, NegotiationError> accept_answer(const SessionDescription& offer,
                                                        const SessionDescription& answer);

/// The codecs of the audio stream that answer_offer would take which local.codecs names too, in the offer's
/// order.
std::vector<CodecId> common_codecs(const SessionDescription& offer, const LocalStream& local);

/// Why no audio stream of the offer may be taken as far as encryption goes; nullopt when one may.
std::optional<NegotiationError> encryption_refusal(const SessionDescription& offer, const LocalStream& local);

}  // namespace switchroom::sdp
