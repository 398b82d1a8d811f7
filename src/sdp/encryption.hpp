// Encrypted streams in offer and answer. Private to this room.
#pragma once

#include "sdp/negotiate.hpp"

#include <optional>

namespace switchroom::sdp {

bool is_plain(const MediaDescription& media);      // RTP/AVP, RTP/AVPF
bool is_encrypted(const MediaDescription& media);  // RTP/SAVP and its relatives

/// How a stream of an offer may be taken: with the peer's key, by a handshake, or (empty) as it is.
struct TakenKey {
  std::optional<CryptoLine> line;
  std::optional<DtlsSide> dtls;
  [[nodiscard]] bool encrypts() const { return line || dtls; }
};
/// … or why it may not.
base::result<TakenKey, NegotiationError> key_of_offer(const SessionDescription& offer,
                                                      const MediaDescription& media,
                                                      const LocalStream& local);

/// Our side of a stream that is answered as it was `taken`: into the answer and the plan.
void answer_key(const TakenKey& taken, const LocalStream& local, CryptoState& state, Answered& answered,
                MediaDescription& stream);

/// Our lines of an offer, and the protocol that goes with them.
void offer_keys(const LocalStream& local, LocalState& state, MediaDescription& offer);

/// What `answer`, a stream of `description`, says to `offered`, which is ours, into the plan.
std::optional<NegotiationError> accept_key(const MediaDescription& offered,
                                           const SessionDescription& description,
                                           const MediaDescription& answer, MediaPlan& plan);

}  // namespace switchroom::sdp
