#include "media/engine/stream.hpp"

#include "base/random.hpp"
#include "media/dtls/datagram.hpp"

#include <utility>

namespace switchroom::media {
namespace {

Sender random_sender() {
  // RFC 3711 3.3.1: a number that begins in the lower half cannot be taken for one before a rollover.
  const auto first_sequence = static_cast<std::uint16_t>(base::random_u64() & 0x7fffU);
  return {static_cast<std::uint32_t>(base::random_u64()), first_sequence,
          static_cast<std::uint32_t>(base::random_u64())};
}

// What we say ourselves keeps quiet for so long after a relayed key press, whose last packet comes thrice.
constexpr base::Duration event_hold = std::chrono::milliseconds(100);

}  // namespace

Stream::Stream(Setup setup)
    : rtp_(std::move(setup.rtp)),
      muted_beats_(static_cast<std::uint8_t>(setup.id)),
      block_(std::move(setup.block)),
      sender_(random_sender()),
      dtls_(setup.dtls),
      id_(setup.id),
      rtcp_(std::move(setup.rtcp)),
      settings_(setup.settings),
      call_context_(setup.call_context) {}

Stream::~Stream() { live_by({}); }

Stream::Received Stream::receive(const Socket& socket, Turn& turn) {
  Received received;
  const ssize_t n = socket.receive(turn.buffer, received.source);
  if (n < 0) {  // an ICMP's message, or nothing there after all: it concerns no packet of ours
    return received;
  }
  received.whole = static_cast<std::size_t>(n) <= turn.buffer.size();
  received.datagram =
      received.whole ? turn.buffer.first(static_cast<std::size_t>(n)) : std::span<std::uint8_t>();
  return received;
}

/// True: `received` is plain from here on.
bool Stream::open(Received& received, bool rtcp, Turn& turn) {
  if (crypto_.waits()) {  // what came in plain, or by keys that are not here yet
    block_->unwanted.add();
    turn.totals.dropped.add();
    return false;
  }
  const auto opened = rtcp ? crypto_.open_rtcp(received.datagram) : crypto_.open(received.datagram);
  if (opened.verdict == SrtpReceiver::Verdict::genuine) {
    received.datagram = received.datagram.first(opened.size);
    return true;
  }
  // From elsewhere anybody may send anything; what comes from the peer's host is worth a look.
  const auto signalling = SocketAddress::of({settings_.signalling_peer, 1}, rtp_.family());
  if (!received.source.same_host(latch_.destination()) &&
      !(signalling && received.source.same_host(*signalling))) {
    block_->strangers.add();
    turn.totals.strangers.add();
    return false;
  }
  turn.totals.dropped.add();
  if (opened.verdict == SrtpReceiver::Verdict::replayed) {
    block_->replayed.add();
    return false;
  }
  block_->forged.add();
  if (crypto_.on_forged()) {
    tell_forged();
  }
  return false;
}

void Stream::on_rtp(Turn& turn) {
  const Received received = receive(rtp_, turn);
  if (received.source) {
    take(received, turn);
  }
  if (desk_ != nullptr) {  // it was silent, and now there is something: the next ones wait for the beat
    wait_for_packets(false);
  }
}

void Stream::take(Received received, Turn& turn) {
  if (dtls_.may_have_news()) {
    mind_handshakes(turn.now);
  }
  if (kind_of_datagram(received.datagram) != DatagramKind::rtp && shake_hands(received, false, turn)) {
    return;
  }
  if (!planned_) {  // nothing is agreed: nothing can be judged
    block_->unwanted.add();
    turn.totals.dropped.add();
    return;
  }
  if (mux_ && is_rtcp(received.datagram)) {
    return read_report(received, turn);
  }
  if (crypto_.on() && !open(received, false, turn)) {
    return;
  }
  auto packet = parse_rtp(received.datagram);
  if (!packet || !kinds_[packet->payload_type].agreed()) {
    return on_bad_packet(received.source, turn);
  }
  if (!latch_.is_peer(received.source) && !admit(received.source, *packet, turn)) {
    return;
  }
  latch_.on_peer_packet(turn.now);
  last_activity_ = turn.now;
  timed_out_ = false;
  if (!receives_) {
    statistics_.interrupt();
    block_->unwanted.add();
    turn.totals.dropped.add();
    return;
  }
  accept(*packet, kinds_[packet->payload_type], turn);
  forward(*packet, received.datagram, turn);
}

bool Stream::admit(const SocketAddress& source, const RtpPacket& packet, Turn& turn) {
  if (!latch_.admit(source, {.ssrc = packet.ssrc, .sequence = packet.sequence, .proven = crypto_.on()},
                    turn.now)) {
    block_->strangers.add();
    turn.totals.strangers.add();
    return false;
  }
  block_->latched.write(source.endpoint());
  return true;
}

void Stream::on_bad_packet(const SocketAddress& source, Turn& turn) {
  // What the peer garbles is the peer's fault; anyone else's bytes are a stranger's, whatever they are.
  const bool of_peer = latch_.is_peer(source) || (!latch_.has_peer() && source == latch_.destination());
  (of_peer ? block_->malformed : block_->strangers).add();
  (of_peer ? turn.totals.dropped : turn.totals.strangers).add();
}

void Stream::accept(const RtpPacket& packet, const PayloadKind& kind, Turn& turn) {
  statistics_.on_packet(packet, kind.event ? 0 : kind.clock_rate, turn.now);
  block_->on_received(statistics_);
  if (!kind.event) {
    block_->codec.store(kind.codec, std::memory_order_relaxed);
  }
  if (!heard_) {
    heard_ = true;
    tell_first_packet();
  }
}

void Stream::forward(RtpPacket& packet, std::span<std::uint8_t> datagram, Turn& turn) {
  const PayloadKind& kind = kinds_[packet.payload_type];
  if (lacking_former_ && !kind.former) {
    lacking_ = lacking_former_ = false;
    reroute();
  }
  const std::uint8_t wanted = map_[packet.payload_type];
  if (ear_ != nullptr || kind.event) {
    listen(packet, datagram, turn.now);
  }
  if (wanted == no_payload_type) {  // no partner, one that is on hold, or one that did not agree to this
    if ((way_ == Way::decoded || heard_there_) && !kind.event) {
      return;  // the ear has it
    }
    if (open_ && way_ == Way::relayed && !kind.event && !kind.noise) {
      lacking_former_ = kind.former;
      lacking_ = true;  // the partner did not agree to this codec: from here on we translate
      reroute();
      listen(packet, datagram, turn.now);
      return;
    }
    block_->unwanted.add();
    turn.totals.dropped.add();
    return;
  }
  if (echo_ && echo_delay_ != nullptr) {
    echo_delay_->put(packet, datagram.subspan(packet.payload_offset, packet.payload_size), turn.now);
    send_delayed(turn);
    return;
  }
  target_->send(packet, datagram, *this, turn);
}

/// What is due of a delayed echo. The peer's own packets are the beat: who sends nothing hears nothing.
void Stream::send_delayed(Turn& turn) {
  while (echo_delay_->is_due(turn.now)) {
    auto held = echo_delay_->take();
    if (map_[held.packet.payload_type] != no_payload_type) {
      send(held.packet, held.bytes, *this, turn);
    }
  }
}

/// A copy for the ear, and key presses.
void Stream::listen(const RtpPacket& packet, std::span<const std::uint8_t> datagram, base::Time now) {
  const PayloadKind& kind = kinds_[packet.payload_type];
  const auto payload = datagram.subspan(packet.payload_offset, packet.payload_size);
  if (kind.event) {
    on_event(packet, payload, map_[packet.payload_type] != no_payload_type, now);
  }
  if (ear_ != nullptr) {
    using What = PlayoutKind::What;
    const What what = kind.event ? What::event : kind.noise ? What::comfort_noise : What::sound;
    const PlayoutKind played{what, kind.codec, kind.clock_rate};
    if (doze_.on() &&
        (kind.event || doze_.sleeps_through(kind.noise ? 0 : amplitude_of(kind.codec, payload)))) {
      if (!kind.event && doze_.looks_on()) {
        ear_->pass_over(packet, played, now);
      }
      return;
    }
    ear_->put(packet, payload, played, now);
    if (what == What::sound) {
      if (!amplitude_of(kind.codec, {})) {
        doze_.wake();  // it would be woken by the next one
      }
      note_sound(now);
    }
  }
}

void Stream::send(RtpPacket& packet, std::span<std::uint8_t> datagram, const Stream& from, Turn& turn) {
  const std::uint8_t incoming_type = std::exchange(packet.payload_type, from.map_[packet.payload_type]);
  if (from.kinds_[incoming_type].event) {
    events_until_ = turn.now + event_hold;
  }
  if (!sender_.rewrite(packet, from.id_, from.kinds_[incoming_type].clock_rate, turn.now)) {
    turn.totals.dropped.add();
    return;
  }
  auto out = datagram.subspan(packet.payload_offset - rtp_header_size, rtp_header_size + packet.payload_size);
  write_rtp_header(out.first<rtp_header_size>(), packet);
  if (crypto_.on()) {
    const auto room = turn.buffer.last(static_cast<std::size_t>(&turn.buffer.back() + 1 - out.data()));
    const auto sealed = crypto_.seal(room, out.size());
    if (!sealed) {
      turn.totals.dropped.add();
      return;
    }
    out = room.first(*sealed);
  }
  if (!rtp_.send(out, latch_.destination())) {
    turn.totals.dropped.add();
    return;
  }
  sender_.on_sent(packet.payload_size);
  block_->sent.add();
  turn.totals.relayed.add();
}

}  // namespace switchroom::media
