// The stream's commands, links, timeouts and reports: what happens now and then, not for each packet.
#include "media/dtls/datagram.hpp"
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
  sends_ = sdp::sends(plan.direction);
  mux_ = plan.rtcp_mux;
  crypto_.apply(plan);
  dtls_.apply(plan, {rtp_, announced}, {rtcp_, announced_rtcp});
  if (crypto_.waits()) {
    block_->handshake_suite.store(no_suite, std::memory_order_relaxed);
  }
  const PayloadKinds before = std::exchange(kinds_, payload_kinds(plan));
  keep_former(kinds_, before);
  if (first || was_silent != peer_is_silent_by_plan()) {  // another timeout counts from here
    last_activity_ = now;
    timed_out_ = false;
  }
  if (first && !plan.codecs.empty()) {
    block_->codec.store(plan.codecs.front().codec, std::memory_order_relaxed);
  }
  lacking_ = lacking_former_ = false;
  if (partner_ != nullptr) {
    partner_->lacking_ = false;
  }
  reroute();
}

void Stream::echo(bool on) {
  echo_ = on;
  reroute();
}

void Stream::delay_echo(base::Duration delay) {
  echo_delay_ = delay > base::Duration::zero() ? std::make_unique<DelayLine>(delay) : nullptr;
}

void Stream::name_partner(LinkId link, StreamId partner) {
  disconnect();
  link_ = link;
  partner_id_ = partner;
  sender_.interrupt();
  if (link != 0) {
    (void)rise_from(mix_);
  }
}

void Stream::connect(Stream& partner) {
  disconnect();
  partner.disconnect();
  partner_ = &partner;
  partner.partner_ = this;
  lacking_ = partner.lacking_ = false;
  reroute();
}

void Stream::disconnect() {
  if (Stream* const partner = std::exchange(partner_, nullptr)) {
    partner->partner_ = nullptr;
    partner->reroute();
  }
  reroute();
}

bool Stream::can_send() const {
  return sends_ && static_cast<bool>(latch_.destination()) && !crypto_.waits();
}

/// After every change of what route() looks at, in us or in the partner.
void Stream::reroute() {
  route();
  if (partner_ != nullptr) {
    partner_->route();
    partner_->settle();
  }
  settle();
}

Stream::Way Stream::way_to(const Stream& target) const {
  if (!planned_ || !target.planned_ || plan_.codecs.empty() || target.plan_.codecs.empty()) {
    return Way::none;
  }
  if (target.is_occupied()) {
    return target.player_ != nullptr && target.play_settings_.over ? Way::decoded : Way::none;
  }
  const bool altered = received_db_ != 0 || target.sent_db_ != 0 || tone_keys_ == ToneKeys::taken_out ||
                       target.presser_.form() == KeyPresser::Form::tone;
  const auto in_common = payload_map(kinds_, target.plan_)[plan_.codecs.front().receive_payload_type];
  return altered || lacking_ || in_common == no_payload_type ? Way::decoded : Way::relayed;
}

/// Works out where our packets go. A leg that echoes takes no one else's sound.
void Stream::route() {
  target_ = echo_ ? this : partner_;
  way_ = echo_ ? Way::relayed : target_ != nullptr && !target_->echo_ ? way_to(*target_) : Way::none;
  const bool open = way_ != Way::none && planned_ && target_->can_send();
  map_ = open ? payload_map(kinds_, target_->plan_) : empty_payload_map();
  if (way_ == Way::decoded) {  // of packets, only key presses go on
    for (std::size_t type = 0; type < map_.size(); ++type) {
      map_[type] = kinds_[type].event ? map_[type] : no_payload_type;
    }
  }
  // What we held back meanwhile shall not look like loss to the far end.
  if (open && !open_) {
    target_->sender_.interrupt();
  }
  open_ = open;
}

bool Stream::peer_is_silent_by_plan() const { return !sdp::receives(plan_.direction); }

void Stream::on_rtcp(Turn& turn) {
  Received received = receive(rtcp_, turn);
  if (!received.source || !planned_) {
    return;
  }
  if (dtls_.may_have_news()) {
    mind_handshakes(turn.now);
  }
  if (kind_of_datagram(received.datagram) == DatagramKind::rtp || !shake_hands(received, true, turn)) {
    read_report(received, turn);
  }
}

/// What is no RTP, on a port on which handshakes are agreed on. False: it is judged like all else.
bool Stream::shake_hands(const Received& received, bool rtcp, Turn& turn) {
  const bool is_dtls = kind_of_datagram(received.datagram) == DatagramKind::dtls;
  if (!planned_ && is_dtls) {
    dtls_.keep(received.datagram, received.source);
    return false;
  }
  if (!dtls_.on(rtcp)) {
    return false;
  }
  const auto signalling = SocketAddress::of({settings_.signalling_peer, 1}, rtp_.family());
  const Latch& latch = rtcp ? reports_.latch() : latch_;
  if (!received.source.same_host(latch.destination()) &&
      !(signalling && received.source.same_host(*signalling))) {
    block_->strangers.add();
    turn.totals.strangers.add();
  } else if (is_dtls) {
    dtls_.receive(rtcp, received.datagram, received.source);
  } else {  // STUN and others that were not agreed on
    block_->unwanted.add();
    turn.totals.dropped.add();
  }
  return true;
}

/// Keys that were agreed on are in use from here on. Who proved to be the peer is the peer, wherever it is.
void Stream::mind_handshakes(base::Time now) {
  while (const auto news = dtls_.take_news()) {
    const DtlsSession& session = *news->session;
    const bool secured = session.end.outcome == HandshakeEnd::Outcome::secured;
    if (secured) {
      crypto_.install(session.keys, news->rtcp);
    }
    if (news->rtcp) {
      continue;  // without it there are no reports, and the call goes on
    }
    if (secured) {
      if (!latch_.is_peer(session.peer) && latch_.admit(session.peer, {.proven = true}, now)) {
        block_->latched.write(latch_.destination().endpoint());
      }
      block_->handshake_suite.store(static_cast<int>(session.keys.send.suite), std::memory_order_relaxed);
      last_activity_ = now;
      reroute();
    }
    tell_handshake(session.end);
  }
}

void Stream::read_report(Received received, Turn& turn) {
  if (crypto_.on() && !open(received, true, turn)) {
    return;
  }
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
  if (mouth_ != nullptr) {
    mouth_->expect_loss(reports_.remote_lost_fraction().value_or(0));
    if (choir_ != nullptr) {
      choir_->expect_loss(reports_.remote_lost_fraction().value_or(0));
    }
  }
  if (peer_is_silent_by_plan()) {  // on hold, reports are all that shows that the peer is still there
    last_activity_ = turn.now;
    timed_out_ = false;
  }
}

void Stream::sweep(base::Time now) {
  if (!planned_) {
    return;
  }
  if (dtls_.may_have_news()) {
    mind_handshakes(now);
  }
  const base::Duration limit = peer_is_silent_by_plan() ? settings_.hold_timeout : settings_.rtp_timeout;
  if (limit > base::Duration::zero() && !timed_out_ && now - last_activity_ >= limit) {
    timed_out_ = true;
    tell_timeout(now - last_activity_);
  }
  if (reports_.due(now)) {
    send_report(now, false);
  }
  if (const auto ended = keys_.on_time(now)) {
    tell_digit({.key = ended->key, .ended = true, .length = ended->length});
  }
  block_->last_heard.store(last_activity_.time_since_epoch().count(), std::memory_order_relaxed);
  if (ear_ != nullptr && !doze_.on()) {
    note_playout();
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
  alignas(4) std::array<std::uint8_t, max_rtcp_report + srtp_trailer> packet;
  std::size_t size =
      reports_.write(std::span(packet).first<max_rtcp_report>(), sender_, statistics_, now, goodbye);
  if (crypto_.on()) {
    size = crypto_.seal_rtcp(packet, size).value_or(0);
    if (size == 0) {
      return;
    }
  }
  (void)(mux_ ? rtp_ : rtcp_).send(std::span(packet).first(size), *to);
}

void Stream::tell_first_packet() {
  asio::post(call_context_, [block = block_] {
    const auto tell = block->events.on_first_packet;  // a copy: the port may go while it runs
    if (tell) {
      tell();
    }
  });
}

void Stream::tell_forged() {
  asio::post(call_context_, [block = block_] {
    const auto tell = block->events.on_forged;
    if (tell) {
      tell();
    }
  });
}

void Stream::tell_handshake(const HandshakeEnd& end) {
  asio::post(call_context_, [block = block_, end] {
    const auto tell = block->events.on_handshake;
    if (tell) {
      tell(end);
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
