// The stream's commands, links, timeouts and reports: what happens now and then, not for each packet.
#include "media/engine/stream.hpp"

#include <algorithm>
#include <array>

namespace switchroom::media {

void Stream::apply(const sdp::MediaPlan& plan, base::Time now) {
  const sa_family_t family = rtp_.family();
  const SocketAddress nobody;
  // The signalling peer's port plays no part; any but 0 makes it an address.
  const SocketAddress signalling = SocketAddress::of({settings_.signalling_peer, 1}, family).value_or(nobody);
  const SocketAddress announced = SocketAddress::of(plan.remote_rtp, family).value_or(nobody);
  const auto announced_rtcp =
      plan.rtcp_mux ? announced : SocketAddress::of(plan.remote_rtcp, family).value_or(nobody);
  latch_.start(announced, signalling);
  block_->latched.write(latch_.has_peer() ? latch_.destination().endpoint() : base::Endpoint{});
  reports_.start(announced_rtcp, signalling, now);

  const bool was_silent = planned_ && peer_is_silent_by_plan();
  const bool first = !planned_;
  plan_ = plan;
  planned_ = true;
  receives_ = sdp::receives(plan.direction);
  mux_ = plan.rtcp_mux;
  kinds_ = payload_kinds(plan);
  if (first || was_silent != peer_is_silent_by_plan()) {  // another timeout counts from here
    last_activity_ = now;
    timed_out_ = false;
  }
  if (first && !plan.codecs.empty()) {
    block_->codec.store(plan.codecs.front().codec, std::memory_order_relaxed);
  }
  route();
  if (partner_ != nullptr) {
    partner_->route();
  }
}

void Stream::echo(bool on) {
  echo_ = on;
  route();
  if (partner_ != nullptr) {
    partner_->route();
  }
}

void Stream::name_partner(LinkId link, StreamId partner) {
  disconnect();
  link_ = link;
  partner_id_ = partner;
  sender_.interrupt();
}

void Stream::connect(Stream& partner) {
  disconnect();
  partner.disconnect();
  partner_ = &partner;
  partner.partner_ = this;
  route();
  partner.route();
}

void Stream::disconnect() {
  if (Stream* const partner = std::exchange(partner_, nullptr)) {
    partner->partner_ = nullptr;
    partner->route();
  }
  route();
}

bool Stream::can_send() const {
  return planned_ && sdp::sends(plan_.direction) && static_cast<bool>(latch_.destination());
}

/// Works out where our packets go. A leg that echoes takes no one else's sound.
void Stream::route() {
  target_ = echo_ ? this : partner_;
  const bool open = target_ != nullptr && planned_ && target_->can_send() && (echo_ || !target_->echo_);
  map_ = open ? payload_map(plan_, target_->plan_) : empty_payload_map();
  // What we held back meanwhile shall not look like loss to the far end.
  if (open && !open_) {
    target_->sender_.interrupt();
  }
  open_ = open;
}

bool Stream::peer_is_silent_by_plan() const { return !sdp::receives(plan_.direction); }

void Stream::on_rtcp(Turn& turn) {
  const Received received = receive(rtcp_, turn);
  if (received.source && planned_) {
    read_report(received, turn);
  }
}

void Stream::read_report(const Received& received, Turn& turn) {
  const RtcpSession::Streams streams{.our_ssrc = sender_.ssrc(),
                                     .peer_ssrc = latch_.has_peer() && statistics_.started()
                                                      ? std::optional(statistics_.ssrc())
                                                      : std::nullopt};
  switch (reports_.on_packet(received.datagram, received.source, streams, turn.now)) {
    case RtcpSession::Verdict::stranger:
      block_->strangers.add();
      turn.totals.strangers.add();
      return;
    case RtcpSession::Verdict::malformed: block_->malformed.add(); return;
    case RtcpSession::Verdict::accepted: break;
  }
  block_->round_trip_ms.store(reports_.round_trip_ms().value_or(0), std::memory_order_relaxed);
  block_->remote_lost_fraction.store(reports_.remote_lost_fraction().value_or(0), std::memory_order_relaxed);
  if (peer_is_silent_by_plan()) {  // on hold, reports are all that shows that the peer is still there
    last_activity_ = turn.now;
    timed_out_ = false;
  }
}

void Stream::sweep(base::Time now) {
  if (!planned_) {
    return;
  }
  const base::Duration limit = peer_is_silent_by_plan() ? settings_.hold_timeout : settings_.rtp_timeout;
  if (limit > base::Duration::zero() && !timed_out_ && now - last_activity_ >= limit) {
    timed_out_ = true;
    tell_timeout(now - last_activity_);
  }
  if (reports_.due(now)) {
    send_report(now, false);
  }
}

void Stream::say_goodbye(base::Time now) {
  if (planned_ && (sender_.packets() > 0 || statistics_.started())) {
    send_report(now, true);
  }
}

/// Whoever sends nothing gets no reports: they cannot be aimed at a third party by an address in SDP.
const SocketAddress* Stream::report_destination() const {
  if (mux_ && latch_.has_peer()) {
    return &latch_.destination();
  }
  const Latch& latch = reports_.latch();
  if (latch.has_peer()) {
    return &latch.destination();
  }
  const bool sends_sound =
      latch_.has_peer() && latch.destination() && latch_.destination().same_host(latch.destination());
  return sends_sound ? &latch.destination() : nullptr;
}

void Stream::send_report(base::Time now, bool goodbye) {
  const SocketAddress* const to = report_destination();
  if (to == nullptr) {
    reports_.schedule(now);
    return;
  }
  std::array<std::uint8_t, max_rtcp_report> packet;
  const std::size_t size = reports_.write(packet, sender_, statistics_, now, goodbye);
  (void)::sendto((mux_ ? rtp_ : rtcp_).fd(), packet.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL, to->data(),
                 to->size());
}

void Stream::tell_first_packet() {
  asio::post(call_context_, [block = block_] {
    const auto tell = block->events.on_first_packet;  // a copy: the port may go while it runs
    if (tell) {
      tell();
    }
  });
}

void Stream::tell_timeout(base::Duration silent) {
  asio::post(call_context_, [block = block_, silent] {
    const auto tell = block->events.on_timeout;
    if (tell) {
      tell(silent);
    }
  });
}

}  // namespace switchroom::media
