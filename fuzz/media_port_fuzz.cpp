// Whatever arrives at a media port, through real sockets into the stream that a call's packets go through:
// RTP and RTCP, STUN, DTLS, TURN and ZRTP that nobody asked for (RFC 7983), from the peer, from its
// signalling and from strangers; before and after a description, plain, with keys or waiting for a handshake,
// relayed or not.
#include "media/dtls/datagram.hpp"
#include "media/engine/stream.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

using namespace switchroom;
using namespace switchroom::media;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

base::Endpoint at(const char* host, std::uint16_t port) { return {asio::ip::make_address(host), port}; }

Socket bound(const char* host) {
  auto socket = Socket::bind(at(host, 0));
  require(socket.has_value());
  return std::move(*socket);
}

std::uint16_t port_of(int fd) {
  asio::ip::udp::endpoint local(asio::ip::udp::v4(), 0);
  auto size = static_cast<socklen_t>(local.capacity());
  require(::getsockname(fd, local.data(), &size) == 0);
  return local.port();
}

/// Sends from an address of its own; the same sockets for all inputs.
struct Host {
  explicit Host(const char* host) : socket(bound(host)), place(at(host, port_of(socket.fd()))) {}
  Socket socket;
  base::Endpoint place;
};

DtlsWorker& worker() {
  // Never destroyed: LeakSanitizer now and then crashes at the end of a process whose thread ended a moment
  // ago.
  static auto* const one = new DtlsWorker(DtlsIdentity::make().value());
  return *one;
}

struct Way {
  bool planned, mux, keys, handshake, linked, listens;
};

sdp::MediaPlan plan_towards(const base::Endpoint& peer, const Way& way) {
  sdp::MediaPlan plan;
  plan.remote_rtp = peer;
  plan.remote_rtcp = peer;
  plan.direction = way.listens ? sdp::Direction::sendrecv : sdp::Direction::sendonly;
  plan.codecs = {{sdp::CodecId::pcmu, 0, 0, ""}, {sdp::CodecId::opus, 111, 111, ""}};
  plan.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 101, 101, ""};
  plan.comfort_noise = sdp::AgreedCodec{sdp::CodecId::pcmu, 13, 13, ""};
  plan.rtcp_mux = way.mux;
  if (way.keys) {
    plan.srtp = sdp::SrtpPlan{};
  } else if (way.handshake) {
    plan.dtls = sdp::DtlsPlan{
        1, sdp::DtlsPlan::Role::passive, {worker().fingerprint()}, {}, {sdp::CryptoSuite::aead_aes_128_gcm}};
  }
  return plan;
}

struct Seat {
  Seat(asio::io_context& calls, StreamId id)
      : block(std::make_shared<PortBlock>()),
        stream({id,
                {.local = asio::ip::make_address("127.0.0.1"),
                 .signalling_peer = asio::ip::make_address("127.0.0.3"),
                 .rtp_timeout = std::chrono::seconds(1),
                 .hold_timeout = {}},
                bound("127.0.0.1"),
                bound("127.0.0.1"),
                block,
                calls,
                worker()}) {}
  std::shared_ptr<PortBlock> block;
  Stream stream;
};

}  // namespace

/// The input: a byte with the way, then datagrams, each behind two bytes: its length, and who sends it to
/// which port how much later.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Host, 3> senders{Host("127.0.0.2"), Host("127.0.0.3"), Host("127.0.0.4")};
  constexpr std::size_t stranger = 2;
  if (size < 1) {
    return 0;
  }
  const Way way{(data[0] & 1U) == 0,    (data[0] & 2U) != 0,  (data[0] & 4U) != 0,
                (data[0] & 24U) == 24U, (data[0] & 32U) != 0, (data[0] & 64U) == 0};
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  asio::io_context calls{1};
  base::Time now(std::chrono::hours(1));
  std::array<std::uint8_t, 2048> buffer{};
  ThreadTotals totals;
  Seat here(calls, 1);
  Seat there(calls, 2);
  if (way.planned) here.stream.apply(plan_towards(senders[0].place, way), now);
  if (way.linked) {
    there.stream.apply(plan_towards(senders[0].place, {true, false, false, false, true, true}), now);
    here.stream.name_partner(1, 2);
    there.stream.name_partner(1, 1);
    here.stream.connect(there.stream);
  }
  bool only_strangers = true;
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 2);
    const std::size_t who = rest[1] % senders.size();
    const bool rtcp = (rest[1] & 4U) != 0;
    now += std::chrono::milliseconds(rest[1] & 0xf8U);
    const auto datagram = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
    (void)kind_of_datagram(datagram);
    Stream::Readable& readable = rtcp ? here.stream.rtcp_readable() : here.stream.rtp_readable();
    const asio::ip::udp::endpoint to(asio::ip::make_address("127.0.0.1"), port_of(readable.fd()));
    require(::sendto(senders[who].socket.fd(), datagram.data(), datagram.size(), 0, to.data(),
                     static_cast<socklen_t>(to.size())) >= 0);
    Turn turn{buffer, now, totals};
    readable.receive(turn);
    only_strangers = only_strangers && who == stranger;
    here.stream.sweep(now);
  }
  // Nobody's packets but those of the peer's addresses count, whatever they are.
  require(!only_strangers || here.block->received.read() == 0);
  require(way.planned || here.block->received.read() == 0);
  require((!way.keys && !way.handshake) || here.block->received.read() == 0);  // no key is guessed
  here.stream.say_goodbye(now);
  here.stream.disconnect();
  (void)calls.poll();
  return 0;
}
