#include "media/engine/stream.hpp"

#include "base/random.hpp"

#include <utility>

namespace switchroom::media {
namespace {

Sender random_sender() {
  return {static_cast<std::uint32_t>(base::random_u64()), static_cast<std::uint16_t>(base::random_u64()),
          static_cast<std::uint32_t>(base::random_u64())};
}

}  // namespace

Stream::Stream(Setup setup)
    : id_(setup.id),
      rtp_(std::move(setup.rtp)),
      sender_(random_sender()),
      block_(std::move(setup.block)),
      rtcp_(std::move(setup.rtcp)),
      settings_(setup.settings),
      call_context_(setup.call_context) {}

Stream::Received Stream::receive(const Socket& socket, Turn& turn) {
  Received received;
  socklen_t size = SocketAddress::capacity();
  // MSG_TRUNC: the true size, so that a datagram that did not fit is seen as such. Errors (an ICMP's
  // message, nothing there after all) concern no packet of ours.
  const ssize_t n = ::recvfrom(socket.fd(), turn.buffer.data(), turn.buffer.size(), MSG_TRUNC,
                               received.source.data(), &size);
  if (n < 0) {
    return received;
  }
  received.whole = static_cast<std::size_t>(n) <= turn.buffer.size();
  received.datagram =
      received.whole ? turn.buffer.first(static_cast<std::size_t>(n)) : std::span<std::uint8_t>();
  return received;
}

void Stream::on_rtp(Turn& turn) {
  const Received received = receive(rtp_, turn);
  if (!received.source) {
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
  if (!latch_.admit(source, {.ssrc = packet.ssrc, .sequence = packet.sequence}, turn.now)) {
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
  const std::uint8_t wanted = map_[packet.payload_type];
  if (wanted == no_payload_type) {  // no partner, one that is on hold, or one that did not agree to this
    block_->unwanted.add();
    turn.totals.dropped.add();
    return;
  }
  target_->send(packet, datagram, *this, turn);
}

void Stream::send(RtpPacket& packet, std::span<std::uint8_t> datagram, const Stream& from, Turn& turn) {
  const std::uint8_t incoming_type = std::exchange(packet.payload_type, from.map_[packet.payload_type]);
  if (!sender_.rewrite(packet, from.id_, from.kinds_[incoming_type].clock_rate, turn.now)) {
    turn.totals.dropped.add();
    return;
  }
  const auto out =
      datagram.subspan(packet.payload_offset - rtp_header_size, rtp_header_size + packet.payload_size);
  write_rtp_header(out.first<rtp_header_size>(), packet);
  const SocketAddress& to = latch_.destination();
  // A full buffer or an error that ICMP reported: the packet is lost as it would be on the wire.
  if (::sendto(rtp_.fd(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.data(), to.size()) < 0) {
    turn.totals.dropped.add();
    return;
  }
  sender_.on_sent(packet.payload_size);
  block_->sent.add();
  turn.totals.relayed.add();
}

}  // namespace switchroom::media
