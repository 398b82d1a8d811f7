// Two legs on real sockets: what one says the other hears, and nothing that was not agreed.
#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;

namespace {

/// Two peers, each with its port, linked.
struct Bridge : Room {
  Bridge() {
    a_port->apply(plan_for(a.local()));
    b_port->apply(plan_for(b.local()));
    link = engine->link(*a_port, *b_port);
    go_on();
  }
  Peer a, b;
  std::unique_ptr<Port> a_port = open();
  std::unique_ptr<Port> b_port = open();
  std::unique_ptr<Link> link;
};

}  // namespace

TEST_CASE("what one peer says the other hears, under the port's own SSRC", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp());
  const auto first = bridge.b.hear();
  REQUIRE(first);
  CHECK(first->source == bridge.b_port->local_rtp());
  CHECK(first->packet.marker);
  CHECK(first->packet.ssrc != bridge.a.ssrc);
  CHECK(first->bytes.size() == 172);
  CHECK(first->bytes[100] == 0xD5);
  ++bridge.a.sequence;  // one is lost on the way to us
  bridge.a.timestamp += 160;
  bridge.a.talk(bridge.a_port->local_rtp());
  const auto third = bridge.b.hear();
  REQUIRE(third);
  CHECK(third->packet.ssrc == first->packet.ssrc);
  CHECK(static_cast<std::uint16_t>(third->packet.sequence - first->packet.sequence) == 2);
  CHECK(third->packet.timestamp - first->packet.timestamp == 320);
  CHECK_FALSE(third->packet.marker);

  bridge.b.talk(bridge.b_port->local_rtp(), std::uint8_t{8});
  const auto back = bridge.a.hear();
  REQUIRE(back);
  CHECK(back->packet.payload_type == 8);
  CHECK(back->packet.ssrc != first->packet.ssrc);

  CHECK(bridge.until([&] { return bridge.engine->totals().relayed == 3; }));
  const StreamStatistics s = bridge.a_port->statistics();
  CHECK(s.received == 2);
  CHECK(s.sent == 1);
  CHECK(s.lost == 1);
  CHECK(s.heard);
  CHECK(s.latched == bridge.a.local());
  CHECK(bridge.b_port->statistics().codec == sdp::CodecId::pcma);
}

TEST_CASE("extension, CSRCs and padding are not passed on", "[relay]") {
  Bridge bridge;
  Bytes packet = rtp({.payload_type = 0, .marker = true, .sequence = 9, .timestamp = 1, .ssrc = 5}, {});
  packet[0] = 0x80 | 0x20 | 0x10 | 1;
  packet.insert(packet.end(), {1, 1, 1, 1, 0xBE, 0xDE, 0, 1, 2, 2, 2, 2, 'h', 'i', 0, 2});
  bridge.a.send(bridge.a_port->local_rtp(), packet);
  const auto heard = bridge.b.hear();
  REQUIRE(heard);
  CHECK(heard->bytes.size() == 14);
  CHECK(heard->bytes[0] == 0x80);
  CHECK(heard->bytes[12] == 'h');
  CHECK(heard->bytes[13] == 'i');
}

TEST_CASE("payload types are each leg's own, key presses among them", "[relay]") {
  Room room;
  Peer a;
  Peer b;
  const auto a_port = room.open();
  const auto b_port = room.open();
  auto a_plan = plan_for(a.local());
  a_plan.codecs = {{sdp::CodecId::opus, 96, 96, ""}, {sdp::CodecId::pcmu, 0, 0, ""}};
  auto b_plan = plan_for(b.local());
  b_plan.codecs = {{sdp::CodecId::opus, 111, 111, ""}};
  b_plan.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 97, 97, ""};
  a_port->apply(a_plan);
  b_port->apply(b_plan);
  const auto link = room.engine->link(*a_port, *b_port);
  room.go_on();

  a.talk(a_port->local_rtp(), std::uint8_t{96});
  CHECK(b.hear().value().packet.payload_type == 111);
  a.talk(a_port->local_rtp(), std::uint8_t{101});
  CHECK(b.hear().value().packet.payload_type == 97);
  a.talk(a_port->local_rtp(), std::uint8_t{55});  // agreed nowhere
  CHECK(b.hears_nothing());
  CHECK(a_port->statistics().malformed == 1);
  CHECK(a_port->statistics().received == 2);
  a.talk(a_port->local_rtp(), std::uint8_t{0});  // PCMU was not agreed over there: it is translated
  CHECK(b.hear().value().packet.payload_type == b_plan.codecs.front().send_payload_type);
  CHECK(a_port->statistics().unwanted == 0);

  b_plan.codecs.push_back({sdp::CodecId::pcmu, 0, 0, ""});  // re-negotiated
  b_port->apply(b_plan);
  room.go_on();
  while (b.hear(0ms)) {  // what was translated until then
  }
  a.talk(a_port->local_rtp(), std::uint8_t{0});
  CHECK(b.hear().value().packet.payload_type == 0);
}

TEST_CASE("a held leg gets nothing, and what it should not send is dropped", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp());
  const auto before = bridge.b.hear();
  REQUIRE(before);
  SECTION("we only receive") {
    bridge.b_port->apply(plan_for(bridge.b.local(), sdp::Direction::recvonly));
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp(), 3);
    CHECK(bridge.b.hears_nothing());
    CHECK(bridge.a_port->statistics().unwanted == 3);
    bridge.b.talk(bridge.b_port->local_rtp());
    CHECK(bridge.a.hear());

    bridge.b_port->apply(plan_for(bridge.b.local()));  // resumed: no gap in the numbers
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp());
    const auto after = bridge.b.hear();
    REQUIRE(after);
    CHECK(after->packet.sequence == static_cast<std::uint16_t>(before->packet.sequence + 1));
    CHECK(after->packet.marker);
  }
  SECTION("we only send") {
    bridge.a_port->apply(plan_for(bridge.a.local(), sdp::Direction::sendonly));
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp(), 2);
    CHECK(bridge.b.hears_nothing());
    CHECK(bridge.a_port->statistics().unwanted == 2);
    CHECK(bridge.a_port->statistics().received == 1);
    bridge.b.talk(bridge.b_port->local_rtp());
    CHECK(bridge.a.hear());
  }
  SECTION("inactive") {
    bridge.a_port->apply(plan_for(bridge.a.local(), sdp::Direction::inactive));
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp());
    bridge.b.talk(bridge.b_port->local_rtp());
    CHECK(bridge.a.hears_nothing());
    CHECK(bridge.b.hears_nothing());
  }
  SECTION("the peer takes no media") {
    auto plan = plan_for(bridge.b.local());
    plan.remote_rtp.port = 0;
    bridge.b_port->apply(plan);
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp());
    CHECK(bridge.b.hears_nothing());
  }
}

TEST_CASE("echo sends each packet back", "[relay]") {
  Room room;
  Peer a;
  const auto port = room.open();
  port->apply(plan_for(a.local()));
  port->echo(true);
  room.go_on();
  a.talk(port->local_rtp());
  const auto first = a.hear();
  REQUIRE(first);
  a.talk(port->local_rtp());
  CHECK(a.hear().value().packet.sequence == static_cast<std::uint16_t>(first->packet.sequence + 1));
  port->echo(false);
  room.go_on();
  a.talk(port->local_rtp());
  CHECK(a.hears_nothing());
}

TEST_CASE("a leg hears one continuous stream as its partners change", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp(), 2);
  const auto first = bridge.b.hear();
  const auto second = bridge.b.hear();
  REQUIRE(second);
  Peer c;
  c.sequence = 40000;
  c.timestamp = 0xFFFFFF00;
  const auto c_port = bridge.open();
  c_port->apply(plan_for(c.local()));
  const auto newer = bridge.engine->link(*c_port, *bridge.b_port);  // b moves to c's thread
  bridge.link.reset();                                              // the older link undoes nothing of it
  bridge.go_on();
  c.talk(c_port->local_rtp());
  const auto third = bridge.b.hear();
  REQUIRE(third);
  CHECK(third->packet.ssrc == first->packet.ssrc);
  CHECK(third->packet.sequence == static_cast<std::uint16_t>(second->packet.sequence + 1));
  CHECK(third->packet.timestamp - second->packet.timestamp < 8000);
  CHECK(third->packet.marker);
  bridge.a.talk(bridge.a_port->local_rtp());
  CHECK(bridge.b.hears_nothing());
}

TEST_CASE("unlinked legs hear nothing, in whatever order things go", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp());
  REQUIRE(bridge.b.hear());
  SECTION("the link goes") {
    bridge.link.reset();
    bridge.go_on();
    bridge.a.talk(bridge.a_port->local_rtp());
    CHECK(bridge.b.hears_nothing());
    CHECK(bridge.a_port->statistics().unwanted == 1);
  }
  SECTION("the first port goes before the link") {
    bridge.a_port.reset();
    bridge.go_on();
    bridge.b.talk(bridge.b_port->local_rtp());
    CHECK(bridge.a.hear(100ms).value_or(Heard{}).packet.payload_offset == 0);  // an RTCP BYE at most
    CHECK(bridge.b_port->statistics().unwanted == 1);
  }
  SECTION("both ports go before the link") {
    bridge.b_port.reset();
    bridge.a_port.reset();
    CHECK(bridge.engine->open_ports() == 0);
    bridge.link.reset();
  }
}

TEST_CASE("IPv6 peers are relayed to IPv4 peers", "[relay]") {
  Room room;
  Peer four;
  const auto four_port = room.open();
  PortSettings settings;
  settings.local = asio::ip::make_address("::1");
  const auto six_port = room.open(settings);
  CHECK(six_port->local_rtp().address.is_v6());
  const int fd = ::socket(AF_INET6, SOCK_DGRAM, 0);
  asio::ip::udp::endpoint local(settings.local, 0);
  REQUIRE(::bind(fd, local.data(), static_cast<socklen_t>(local.size())) == 0);
  auto size = static_cast<socklen_t>(local.capacity());
  ::getsockname(fd, local.data(), &size);
  four_port->apply(plan_for(four.local()));
  six_port->apply(plan_for({local.address(), local.port()}));
  const auto link = room.engine->link(*four_port, *six_port);
  room.go_on();
  four.talk(four_port->local_rtp());
  std::array<std::uint8_t, 2048> buffer{};
  pollfd poll{fd, POLLIN, 0};
  REQUIRE(::poll(&poll, 1, 2000) == 1);
  CHECK(::recv(fd, buffer.data(), buffer.size(), 0) == 172);
  const Bytes answer = rtp({.payload_type = 0, .sequence = 1, .timestamp = 1, .ssrc = 1});
  const asio::ip::udp::endpoint to(six_port->local_rtp().address, six_port->local_rtp().port);
  ::sendto(fd, answer.data(), answer.size(), 0, to.data(), static_cast<socklen_t>(to.size()));
  CHECK(four.hear());
  CHECK(six_port->statistics().latched == base::Endpoint{local.address(), local.port()});
  ::close(fd);
}

TEST_CASE("bytes that are no RTP harm nothing", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp());
  REQUIRE(bridge.b.hear());
  const base::Endpoint to = bridge.a_port->local_rtp();
  bridge.a.send(to, {});
  bridge.a.send(to, {0x80});
  bridge.a.send(to, Bytes(12, 0xFF));
  bridge.a.send(to, Bytes(3000, 0x80));  // larger than any honest packet
  bridge.a.send(to, Bytes(60000, 0x80));
  bridge.a.talk(to);
  CHECK(bridge.b.hear());
  CHECK(bridge.b.hears_nothing());
  CHECK(bridge.a_port->statistics().malformed == 5);
  CHECK(bridge.a_port->statistics().received == 2);
}

TEST_CASE("before a plan is applied packets are dropped", "[relay]") {
  Room room;
  Peer a;
  const auto port = room.open();
  a.talk(port->local_rtp(), 3);
  CHECK(room.until([&] { return port->statistics().unwanted == 3; }));
  CHECK_FALSE(port->statistics().heard);
}

TEST_CASE("what the call thread said before a packet came holds for the packet", "[relay]") {
  Bridge bridge;
  bridge.a.talk(bridge.a_port->local_rtp());
  REQUIRE(bridge.b.hear());
  // The call thread gets no further than these words: nobody wakes the media thread for them, but the packet.
  bridge.b_port->apply(plan_for(bridge.b.local(), sdp::Direction::recvonly));
  bridge.a.talk(bridge.a_port->local_rtp());
  CHECK(bridge.b.hears_nothing());
  CHECK(bridge.a_port->statistics().unwanted == 1);
}

TEST_CASE("a partner that is unreachable harms nothing", "[relay]") {
  Bridge bridge;
  const base::Endpoint gone = Peer().local();  // closed again: ICMP says that nobody is there
  bridge.b_port->apply(plan_for(gone));
  bridge.go_on();
  for (int i = 0; i < 20; ++i) {
    bridge.a.talk(bridge.a_port->local_rtp());
    std::this_thread::sleep_for(1ms);
  }
  bridge.b_port->apply(plan_for(bridge.b.local()));
  bridge.go_on();
  bridge.a.talk(bridge.a_port->local_rtp());
  CHECK(bridge.b.hear());
}
