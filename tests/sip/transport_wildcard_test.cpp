// UDP listeners bound to any address: what is answered leaves from where it was asked.
#include "sip/transport/route_cache.hpp"
#include "transport_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::test;

namespace {

base::IpAddress address(const char* text) { return asio::ip::make_address(text); }

/// An OPTIONS from `peer` to `to`, as the house hears it.
Flow heard(House& house, UdpPeer& peer, const base::Endpoint& to) {
  const std::size_t before = house.recorder.flows.size();
  peer.send(to, options());
  REQUIRE(house.run([&] { return house.recorder.flows.size() > before; }));
  return house.recorder.flows.back();
}

}  // namespace

TEST_CASE("a wildcard answers from the address that it was asked at, and says so") {
  House house;
  const auto port = house.open("udp:0.0.0.0:0").port;
  UdpPeer peer("127.0.0.7");
  for (const char* asked : {"127.0.0.9", "127.0.0.1", "127.0.0.12"}) {
    const base::Endpoint here{address(asked), port};
    const Flow flow = heard(house, peer, here);
    CHECK(flow == Flow{TransportKind::udp, house.last, peer.local(), 0, here.address});
    CHECK(house.transports.advertised_for(flow) == here);
    CHECK(house.transports.local_for(flow) == here);
    CHECK(house.transports.send(flow, "answer"));
    CHECK(house.run([&] { return peer.receive() == "answer"; }));
    CHECK(peer.last_from == here);
    house.transports.keepalive(flow);
    CHECK(house.run([&] { return peer.receive() == "\r\n\r\n"; }));
    CHECK(peer.last_from == here);
  }
}

TEST_CASE("a datagram of each address in one batch keeps its own") {
  House house;
  const auto port = house.open("udp:0.0.0.0:0").port;
  UdpPeer peer;
  std::vector<base::IpAddress> expected, got;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(asio::ip::address_v4({127, 0, 1, static_cast<unsigned char>(1 + i % 7)}));
    peer.send({expected.back(), port}, options());
  }
  REQUIRE(house.run([&] { return house.recorder.flows.size() == expected.size(); }));
  for (const Flow& flow : house.recorder.flows) {
    got.push_back(flow.local);
  }
  CHECK(got == expected);
}

TEST_CASE("an IPv6 wildcard knows where it was asked") {
  House house;
  const auto port = house.open("udp:[::]:0").port;
  UdpPeer peer("::1");
  const base::Endpoint here{address("::1"), port};
  const Flow flow = heard(house, peer, here);
  CHECK(flow.local == here.address);
  CHECK(house.transports.advertised_for(flow) == here);
  CHECK(house.transports.send(flow, "answer"));
  CHECK(house.run([&] { return peer.receive() == "answer"; }));
  CHECK(peer.last_from == here);
}

TEST_CASE("who is bound to one address has no need of another") {
  House house;
  const auto here = house.open("udp:127.0.0.1:0");
  UdpPeer peer;
  Flow flow = heard(house, peer, here);
  CHECK(flow.local.is_unspecified());
  CHECK(house.transports.local_for(flow) == here);
  flow.local = address("127.0.0.9");  // of a binding from before a reload
  CHECK(house.transports.advertised_for(flow) == here);
  CHECK(house.transports.send(flow, "answer"));
  CHECK(house.run([&] { return peer.receive() == "answer"; }));
  CHECK(peer.last_from == here);
}

TEST_CASE("an address that the machine no longer has is not used") {
  House house;
  const auto port = house.open("udp:0.0.0.0:0").port;
  UdpPeer peer;
  const base::Endpoint usual{address("127.0.0.1"), port};
  // Gone to another machine; of the other family.
  for (const char* gone : {"192.0.2.77", "::1"}) {
    const Flow flow{TransportKind::udp, house.last, peer.local(), 0, address(gone)};
    CHECK(house.transports.local_for(flow) == base::Endpoint{{}, port});
    CHECK(house.transports.advertised_for(flow) == usual);
    CHECK(house.transports.send(flow, "request"));
    CHECK(house.run([&] { return peer.receive() == "request"; }));
    CHECK(peer.last_from == usual);
  }
  CHECK(house.transports.counters().unreachable == 0);
  // From the loopback nobody outside is reached, whatever is there.
  const base::Endpoint outside{address("192.0.2.9"), 5060};
  CHECK(house.transports.local_for({TransportKind::udp, house.last, outside, 0, address("127.0.0.9")}) ==
        base::Endpoint{{}, port});
}

TEST_CASE("public_address is told also where the local address is known") {
  House house;
  const auto id = house.transports.listen("udp:0.0.0.0:0", "wan", address("203.0.113.5"));
  REQUIRE(id.has_value());
  const auto port = house.transports.find(*id)->local.port;
  UdpPeer peer;
  const Flow flow = heard(house, peer, {address("127.0.0.9"), port});
  CHECK(house.transports.advertised_for(flow) == base::Endpoint{address("203.0.113.5"), port});
  CHECK(house.transports.send(flow, "answer"));
  CHECK(house.run([&] { return peer.receive() == "answer"; }));
  CHECK(peer.last_from == base::Endpoint{address("127.0.0.9"), port});
}

TEST_CASE("a long request of such a flow goes by TCP from the same address") {
  House house;
  house.open("udp:0.0.0.0:0");
  const ListenerId udp = house.last;
  House other;
  const auto there = other.open("tcp:127.0.0.1:0");
  const Flow flow{TransportKind::tcp, udp, there, 0, address("127.0.0.9")};
  CHECK(house.transports.send(flow, options("long")));
  REQUIRE(house.run([&] {
    other.idle(milliseconds(5));
    return !other.recorder.flows.empty();
  }));
  CHECK(other.recorder.flows[0].remote.address == address("127.0.0.9"));
}

TEST_CASE("a listener is found by where it was reached: bound there, or else to any address") {
  House house;
  const auto any = house.open("udp:0.0.0.0:0");
  const auto six = house.open("udp:[::1]:0");
  auto& transports = house.transports;
  const auto at = [&](const char* where, std::uint16_t port, std::string_view profile = "lan") {
    const Listener* found = transports.listener_at(profile, TransportKind::udp, {address(where), port});
    return found == nullptr ? base::Endpoint() : found->local;
  };
  CHECK(at("127.0.0.9", any.port) == any);
  CHECK(at("0.0.0.0", any.port) == any);
  CHECK(at("::1", six.port) == six);
  CHECK(at("::2", six.port) == base::Endpoint());
  CHECK(at("::1", any.port) == base::Endpoint());
  CHECK(at("127.0.0.9", six.port) == base::Endpoint());
  CHECK(at("127.0.0.9", any.port, "wan") == base::Endpoint());
}

TEST_CASE("whether an address is ours is asked again after a while") {
  RouteCache routes;
  const base::Time now = base::Clock::now();
  CHECK(routes.is_ours(address("127.0.0.9"), now));
  CHECK(routes.is_ours(address("::1"), now));
  CHECK_FALSE(routes.is_ours(address("192.0.2.77"), now));
  routes.not_ours(address("127.0.0.9"), now);
  CHECK_FALSE(routes.is_ours(address("127.0.0.9"), now + seconds(4)));
  CHECK(routes.is_ours(address("127.0.0.9"), now + seconds(6)));
}
