#include "media/engine/stream_dtls.hpp"

#include <utility>

namespace switchroom::media {

void StreamDtls::apply(const sdp::MediaPlan& plan, const Place& rtp, const Place& rtcp) {
  const auto kept = std::exchange(kept_, {});
  const std::uint32_t association = plan.dtls ? plan.dtls->association : 0;
  if (association != std::exchange(association_, association)) {
    end();
  }
  if (association == 0 || plan.dtls->role == sdp::DtlsPlan::Role::none) {
    return;
  }
  begin(0, *plan.dtls, rtp);
  if (!plan.rtcp_mux) {
    begin(1, *plan.dtls, rtcp);
  }
  if (!kept.empty() && on(false)) {
    receive(false, kept, kept_source_);
  }
}

/// … or goes on with it.
void StreamDtls::begin(std::size_t which, const sdp::DtlsPlan& plan, const Place& place) {
  Entry& entry = sessions_[which];
  const bool settled = entry.session != nullptr && entry.session->settled.load(std::memory_order_acquire);
  if (entry.session != nullptr && !settled) {
    worker_.extend(entry.session);
    return;
  }
  if (settled && entry.session->end.outcome == HandshakeEnd::Outcome::secured) {
    return;
  }
  const bool active = plan.role == sdp::DtlsPlan::Role::active;
  if (active && !place.announced) {
    return;  // on hold from the beginning: later
  }
  if (entry.session != nullptr) {
    worker_.end(entry.session);
  }
  if (entry.session == nullptr || entry.told) {
    ++open_;
  }
  entry = {worker_.begin({active, plan.peer, plan.suites}, place.announced, place.socket), false};
}

void StreamDtls::end() {
  for (Entry& entry : sessions_) {
    if (entry.session != nullptr) {
      worker_.end(entry.session);
      entry = {};
    }
  }
  open_ = 0;
}

void StreamDtls::receive(bool rtcp, std::span<const std::uint8_t> datagram, const SocketAddress& source) {
  worker_.receive(sessions_[rtcp ? 1 : 0].session, datagram, source);
}

void StreamDtls::keep(std::span<const std::uint8_t> datagram, const SocketAddress& source) {
  kept_.assign(datagram.begin(), datagram.end());
  kept_source_ = source;
}

std::optional<StreamDtls::News> StreamDtls::take_news() {
  for (std::size_t which = 0; which < sessions_.size(); ++which) {
    Entry& entry = sessions_[which];
    if (entry.session == nullptr || entry.told || !entry.session->settled.load(std::memory_order_acquire)) {
      continue;
    }
    entry.told = true;
    --open_;
    return News{which == 1, entry.session};
  }
  return std::nullopt;
}

}  // namespace switchroom::media
