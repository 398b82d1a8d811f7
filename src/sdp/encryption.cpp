// RFC 4568 section 5 and 7.1, RFC 5763 section 5: which key or certificate of the peer's is taken, and what
// of ours goes with it.
#include "sdp/encryption.hpp"

#include "base/random.hpp"
#include "sdp/text.hpp"

#include <algorithm>

namespace switchroom::sdp {
namespace {

constexpr std::string_view crypto = "crypto";
constexpr std::size_t id_length = 24;  // RFC 8842 4: at least 20

/// SRTP whose keys stand in the SDP itself.
bool has_keys_inside(const MediaDescription& media) {
  return media.protocol == "RTP/SAVP" || media.protocol == "RTP/SAVPF";
}

bool names_keys(const MediaDescription& media) {
  return std::any_of(media.attributes.begin(), media.attributes.end(),
                     [](const Attribute& attribute) { return attribute.name == crypto; });
}

/// The first line in the offerer's order that we can do; tags of 32 bits, which are guessed in an
/// afternoon, only where there is nothing better.
std::optional<CryptoLine> best_line(const MediaDescription& media, const std::vector<CryptoSuite>& suites) {
  std::optional<CryptoLine> weak;
  for (const auto& attribute : media.attributes) {
    if (attribute.name != crypto) continue;
    const auto line = parse_crypto(attribute.value);
    if (!line || std::find(suites.begin(), suites.end(), line->key.suite) == suites.end()) continue;
    if (line->key.suite != CryptoSuite::aes_cm_128_hmac_sha1_32) return line;
    if (!weak) weak = line;
  }
  return weak;
}

/// Our key for a suite, the same one for as long as the stream lives.
SrtpKey& own_key(CryptoState& state, CryptoSuite suite) {
  const auto known = std::find_if(state.own.begin(), state.own.end(),
                                  [&](const SrtpKey& key) { return key.suite == suite; });
  return known != state.own.end() ? *known : state.own.emplace_back(random_key(suite));
}

/// Keys are agreed on by a handshake alone.
bool is_dtls(const MediaDescription& media) {
  return media.protocol == "UDP/TLS/RTP/SAVP" || media.protocol == "UDP/TLS/RTP/SAVPF";
}

/// The values of an attribute of a stream, or, where it has none, of the session (RFC 8122 5).
std::vector<std::string_view> values_of(std::string_view name, const SessionDescription& description,
                                        const MediaDescription& media) {
  std::vector<std::string_view> values;
  for (const auto* list : {&media.attributes, &description.attributes}) {
    for (const auto& attribute : *list) {
      if (attribute.name == name) values.emplace_back(attribute.value);
    }
    if (!values.empty()) break;
  }
  return values;
}

bool names_fingerprint(const SessionDescription& description, const MediaDescription& media) {
  return !values_of("fingerprint", description, media).empty();
}

/// What the peer says of its certificate. RFC 8122 5: of several hashes the strongest counts alone.
DtlsSide dtls_side(const SessionDescription& description, const MediaDescription& media) {
  DtlsSide side;
  for (const auto value : values_of("fingerprint", description, media)) {
    auto fingerprint = parse_fingerprint(value);
    if (!fingerprint) continue;
    auto& all = side.fingerprints;
    if (!all.empty() && all.front().hash < fingerprint->hash) all.clear();
    if (all.empty() || all.front().hash == fingerprint->hash) all.push_back(std::move(*fingerprint));
  }
  for (const auto value : values_of("setup", description, media)) {
    side.setup = setup_named(text::trimmed(value));
  }
  for (const auto value : values_of("tls-id", description, media)) {
    side.id = text::trimmed(value);
  }
  return side;
}

/// The role that we take against what an offer says.
DtlsPlan::Role role_towards(const DtlsSide& peer, const LocalDtls& local, const CryptoState& state,
                            const MediaPlan& plan) {
  using Role = DtlsPlan::Role;
  switch (peer.setup.value_or(Setup::active)) {  // RFC 4145 4.1: the default of an offer
    case Setup::active: return Role::passive;
    case Setup::passive: return Role::active;
    case Setup::holdconn: return Role::none;
    case Setup::actpass: break;
  }
  // RFC 8842 5.3: another role would ask for another handshake.
  const bool known = state.dtls && state.dtls->peer == peer.fingerprints && state.dtls->role != Role::none;
  if (known) return state.dtls->role;
  const bool behind_nat = !local.peer_host.is_unspecified() && plan.remote_rtp.port != 0 &&
                          local.peer_host != plan.remote_rtp.address;
  return behind_nat ? Role::passive : Role::active;  // RFC 5763 5: active saves half a round trip
}

Setup setup_of(DtlsPlan::Role role) {
  using Role = DtlsPlan::Role;
  return role == Role::active ? Setup::active : role == Role::passive ? Setup::passive : Setup::holdconn;
}

enum class Way : std::uint8_t { plain, sdes, dtls };

/// By which way our own offer is encrypted. What runs goes on as it runs.
Way way_of_offer(const LocalStream& local, const CryptoState& state) {
  if (local.encryption == Encryption::forbidden) return Way::plain;
  const bool sdes = !local.suites.empty();
  const bool dtls = local.dtls.has_value();
  if (state.dtls && dtls) return Way::dtls;
  if (state.peer && sdes) return Way::sdes;
  if (local.prefers_dtls && dtls) return Way::dtls;
  if (sdes) return Way::sdes;
  return dtls && local.encryption == Encryption::mandatory ? Way::dtls : Way::plain;
}

/// Which way an offer asks for; the other one is tried where it cannot be had.
bool asks_for_keys(const MediaDescription& media, bool by_fingerprint) {
  if (is_plain(media)) return names_keys(media);
  return has_keys_inside(media) && (names_keys(media) || !by_fingerprint);
}

std::optional<NegotiationError> accept_line(const MediaDescription& offered, const MediaDescription& answer,
                                            MediaPlan& plan) {
  for (const auto& theirs : answer.attributes) {
    const auto line = theirs.name == crypto ? parse_crypto(theirs.value) : std::nullopt;
    if (!line) continue;
    for (const auto& ours : offered.attributes) {
      const auto own = ours.name == crypto ? parse_crypto(ours.value) : std::nullopt;
      if (own && own->tag == line->tag && own->key.suite == line->key.suite) {
        plan.srtp = SrtpPlan{own->key, line->key};
        return std::nullopt;
      }
    }
  }
  // Lines that answer nothing of ours: were they taken for no encryption, one side would send noise.
  return NegotiationError::no_common_suite;
}

std::optional<NegotiationError> accept_fingerprint(DtlsSide peer, MediaPlan& plan) {
  using Role = DtlsPlan::Role;
  if (peer.fingerprints.empty()) return NegotiationError::no_fingerprint;
  DtlsPlan dtls;
  // RFC 4145 4.1: passive is the default of an answer. actpass would be none; who says so waits for us.
  const Setup setup = peer.setup.value_or(Setup::passive);
  dtls.role = setup == Setup::active ? Role::passive : setup == Setup::holdconn ? Role::none : Role::active;
  dtls.peer = std::move(peer.fingerprints);
  dtls.peer_id = std::move(peer.id);
  plan.dtls = std::move(dtls);
  return std::nullopt;
}

void write_dtls(Setup setup, const LocalDtls& local, std::string_view id, MediaDescription& media) {
  media.attributes.push_back({"setup", std::string(name(setup))});
  media.attributes.push_back({"fingerprint", print_fingerprint(local.own)});
  if (!id.empty()) media.attributes.push_back({"tls-id", std::string(id)});
}

}  // namespace

bool is_plain(const MediaDescription& media) {
  return media.protocol == "RTP/AVP" || media.protocol == "RTP/AVPF";
}
bool is_encrypted(const MediaDescription& media) {
  return media.protocol.find("RTP/SAVP") != std::string::npos;
}

// RFC 8842 4, and RFC 5763 6.6 for those who name no association: another certificate, role or place.
void CryptoState::agree(MediaPlan& plan) {
  peer = plan.srtp ? std::optional(plan.srtp->receive) : std::nullopt;
  if (!plan.dtls) {
    dtls.reset();
    return;
  }
  DtlsPlan& now = *plan.dtls;
  const bool on_hold = plan.remote_rtp.port == 0;  // which says nothing of where the peer is
  const bool same_place = on_hold || !now.peer_id.empty() || dtls_place.port == 0 ||
                          (dtls_place == plan.remote_rtp && dtls_mux == plan.rtcp_mux);
  const bool same_role = dtls && (now.role == dtls->role || now.role == DtlsPlan::Role::none);
  if (same_role && same_place && dtls->peer == now.peer && dtls->peer_id == now.peer_id) {
    now.association = dtls->association;
    now.role = dtls->role;  // holdconn asks for no handshake; it does not end one that was
  } else {
    now.association = ++associations;
    own_id = base::random_token(id_length);
  }
  if (!on_hold) dtls_place = plan.remote_rtp;
  dtls_mux = plan.rtcp_mux;
  dtls = now;
}

base::result<TakenKey, NegotiationError> key_of_offer(const SessionDescription& offer,
                                                      const MediaDescription& media,
                                                      const LocalStream& local) {
  if (!is_plain(media) && !is_encrypted(media)) return NegotiationError::no_audio;
  const bool willing = local.encryption != Encryption::forbidden;
  const bool by_fingerprint = names_fingerprint(offer, media);
  const bool by_keys = asks_for_keys(media, by_fingerprint);
  TakenKey taken;
  if (willing && by_keys && !local.suites.empty()) taken.line = best_line(media, local.suites);
  if (willing && by_fingerprint && local.dtls && (!taken.line || local.prefers_dtls)) {
    if (auto side = dtls_side(offer, media); !side.fingerprints.empty()) {
      taken.dtls = std::move(side);
      taken.line.reset();
    }
  }
  if (taken.encrypts() || (is_plain(media) && local.encryption != Encryption::mandatory)) return taken;
  if (is_plain(media) && !by_keys && !by_fingerprint) return NegotiationError::plain_only;
  if (!willing) return is_plain(media) ? NegotiationError::plain_only : NegotiationError::encrypted_only;
  if (is_dtls(media) || (by_fingerprint && !by_keys)) {
    return local.dtls ? NegotiationError::no_fingerprint : NegotiationError::encrypted_only;
  }
  if (!by_keys) return NegotiationError::encrypted_only;
  return local.suites.empty() ? NegotiationError::keys_in_the_open : NegotiationError::no_common_suite;
}

void answer_key(const TakenKey& taken, const LocalStream& local, CryptoState& state, Answered& answered,
                MediaDescription& stream) {
  MediaPlan& plan = answered.plan;
  if (taken.line) {
    const CryptoLine& line = *taken.line;
    SrtpKey& own = own_key(state, line.key.suite);
    // RFC 4568 7.1.4: a new key makes a new context. A peer that begins anew may begin anew with ours as
    // well, and count its packets from 0: then ours must be a new one too.
    if (state.peer && *state.peer != line.key) own = random_key(line.key.suite);
    plan.srtp = SrtpPlan{own, line.key};
    stream.attributes.push_back({std::string(crypto), print_crypto({line.tag, own})});
  }
  if (taken.dtls && local.dtls) {
    DtlsPlan& dtls = plan.dtls.emplace();
    dtls.role = role_towards(*taken.dtls, *local.dtls, state, plan);
    dtls.peer = taken.dtls->fingerprints;
    dtls.peer_id = taken.dtls->id;
    const Setup setup = setup_of(dtls.role);
    state.agree(plan);
    write_dtls(setup, *local.dtls, taken.dtls->id.empty() ? "" : state.own_id, stream);
  }
}

void offer_keys(const LocalStream& local, LocalState& state, MediaDescription& offer) {
  const Way way = way_of_offer(local, state.crypto);
  if (way == Way::plain) return;
  // Phones without SRTP pass a=crypto and a=fingerprint over in RTP/AVP (RFC 8643); RTP/SAVP they would
  // refuse. A stream that runs as RTP/SAVP stays that.
  const bool runs = way == Way::dtls ? state.crypto.dtls.has_value() : state.crypto.peer.has_value();
  if (runs && state.crypto.protocol.find("SAVP") != std::string::npos) {
    offer.protocol = state.crypto.protocol;
  } else if (local.encryption == Encryption::mandatory) {
    offer.protocol = way == Way::dtls ? "UDP/TLS/RTP/SAVP" : "RTP/SAVP";
  }
  if (way == Way::dtls) {
    offer.rtcp_mux = true;  // saves a second handshake
    const bool by_id = runs && !state.crypto.dtls->peer_id.empty();
    write_dtls(Setup::actpass, *local.dtls, by_id ? state.crypto.own_id : "", offer);
    return;
  }
  std::uint32_t tag = 0;
  for (const auto suite : local.suites) {
    offer.attributes.push_back({std::string(crypto), print_crypto({++tag, own_key(state.crypto, suite)})});
  }
}

std::optional<NegotiationError> accept_key(const MediaDescription& offered,
                                           const SessionDescription& description,
                                           const MediaDescription& answer, MediaPlan& plan) {
  const auto is_fingerprint = [](const Attribute& attribute) { return attribute.name == "fingerprint"; };
  const bool by_fingerprint =
      names_fingerprint(description, answer) &&
      std::any_of(offered.attributes.begin(), offered.attributes.end(), is_fingerprint);
  if (by_fingerprint) return accept_fingerprint(dtls_side(description, answer), plan);
  const bool required = !is_plain(offered);
  if (!names_keys(answer) || (!required && !names_keys(offered) && is_plain(answer))) {
    if (is_encrypted(answer)) return NegotiationError::encrypted_only;
    return required ? std::optional(NegotiationError::plain_only) : std::nullopt;
  }
  return accept_line(offered, answer, plan);
}

}  // namespace switchroom::sdp
