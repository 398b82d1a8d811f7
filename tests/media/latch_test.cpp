#include "media/engine/latch.hpp"

#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace std::chrono_literals;

namespace {

SocketAddress address(const char* host, std::uint16_t port) {
  return SocketAddress::of(test::at(host, port), AF_INET).value();
}

struct Door {
  Latch latch;
  base::Time now{1h};
  std::uint16_t sequence = 65534;  // crosses the end of 16 bits on its way

  Door() { latch.start(announced, signalling); }
  bool knock(const SocketAddress& source, std::uint32_t ssrc = 1) {
    now += 20ms;
    if (latch.is_peer(source)) {
      latch.on_peer_packet(now);
      return true;
    }
    return latch.admit(source, {.ssrc = ssrc, .sequence = sequence++}, now);
  }
  int knocks_until_admitted(const SocketAddress& source) {
    for (int i = 1; i <= 20; ++i) {
      if (knock(source)) {
        return i;
      }
    }
    return 0;
  }

  SocketAddress announced = address("192.0.2.1", 4000);
  SocketAddress signalling = address("198.51.100.7", 1);
  SocketAddress behind_nat = address("198.51.100.7", 61000);
  SocketAddress stranger = address("203.0.113.9", 4000);
};

}  // namespace

TEST_CASE("the announced address is accepted at once and for good", "[latch]") {
  Door door;
  CHECK(door.latch.destination() == door.announced);
  CHECK_FALSE(door.latch.has_peer());
  CHECK(door.knock(door.announced));
  CHECK(door.latch.locked());
  door.now += 1h;  // even after a long silence
  CHECK(door.knocks_until_admitted(door.behind_nat) == 0);
}

TEST_CASE("the signalling peer's address proves itself with five packets", "[latch]") {
  Door door;
  CHECK(door.knocks_until_admitted(door.behind_nat) == 5);
  CHECK(door.latch.destination() == door.behind_nat);
  CHECK_FALSE(door.latch.locked());
  CHECK(door.knocks_until_admitted(address("198.51.100.7", 61001)) == 0);
  SECTION("and gives way to the announced address") {
    CHECK(door.knock(door.announced));
    CHECK(door.latch.destination() == door.announced);
    door.now += 1min;
    CHECK(door.knocks_until_admitted(door.behind_nat) == 0);
  }
  SECTION("and may be succeeded after two seconds of silence") {
    door.now += 2s;
    CHECK(door.knocks_until_admitted(address("198.51.100.7", 61001)) == 5);
  }
}

TEST_CASE("another port of the announced address proves itself too", "[latch]") {
  Door door;
  CHECK(door.knocks_until_admitted(address("192.0.2.1", 4002)) == 5);
}

TEST_CASE("a stranger never gets in", "[latch]") {
  Door door;
  CHECK(door.knocks_until_admitted(door.stranger) == 0);
  door.knocks_until_admitted(door.behind_nat);
  door.now += 1h;
  CHECK(door.knocks_until_admitted(door.stranger) == 0);
  CHECK_FALSE(door.latch.admit(door.stranger, {.ssrc = 1, .sequence = 1, .proven = true}, door.now));
}

TEST_CASE("what does not go on is no proof", "[latch]") {
  Door door;
  for (std::uint32_t i = 0; i < 20; ++i) {
    CHECK_FALSE(door.knock(door.behind_nat, i));
  }  // another SSRC each
  for (int i = 0; i < 20; ++i) {  // the same packet
    CHECK_FALSE(door.latch.admit(door.behind_nat, {.ssrc = 1, .sequence = 7}, door.now));
  }
  for (std::uint16_t i = 0; i < 20; ++i) {  // random numbers
    const auto sequence = static_cast<std::uint16_t>(i * 7919U);
    CHECK_FALSE(door.latch.admit(door.behind_nat, {.ssrc = 1, .sequence = sequence}, door.now));
  }
}

TEST_CASE("packets of a second source between do not hold the peer up", "[latch]") {
  Door door;
  int needed = 0;
  for (std::uint16_t i = 1; i <= 5; ++i) {
    for (std::uint16_t other = 1; other <= 2; ++other) {
      (void)door.latch.admit(address("198.51.100.7", other), {.ssrc = i, .sequence = 1}, door.now);
    }
    needed = i;
    if (door.latch.admit(door.behind_nat, {.ssrc = 1, .sequence = i}, door.now += 20ms)) {
      break;
    }
  }
  CHECK(needed == 5);
  CHECK(door.latch.destination() == door.behind_nat);
}

TEST_CASE("a new announced address begins anew, the same one keeps the peer", "[latch]") {
  Door door;
  door.knocks_until_admitted(door.behind_nat);
  door.latch.start(door.announced, door.signalling);
  CHECK(door.latch.is_peer(door.behind_nat));
  door.latch.start(address("192.0.2.1", 4004), door.signalling);
  CHECK_FALSE(door.latch.has_peer());
  CHECK(door.latch.destination() == address("192.0.2.1", 4004));
  CHECK(door.knocks_until_admitted(door.behind_nat) == 5);
}

TEST_CASE("without an announced address nothing is accepted", "[latch]") {
  Latch latch;
  latch.start(SocketAddress(), address("198.51.100.7", 1));
  for (std::uint16_t i = 0; i < 20; ++i) {
    CHECK_FALSE(latch.admit(address("198.51.100.7", 9), {.ssrc = 1, .sequence = i}, base::Time(1h)));
  }
}

TEST_CASE("addresses become what the socket needs", "[latch]") {
  using test::at;
  CHECK_FALSE(SocketAddress::of(at("0.0.0.0", 4000), AF_INET));
  CHECK_FALSE(SocketAddress::of(at("192.0.2.1", 0), AF_INET));
  CHECK_FALSE(SocketAddress::of(at("239.1.1.1", 4000), AF_INET));
  CHECK_FALSE(SocketAddress::of(at("255.255.255.255", 4000), AF_INET));
  CHECK_FALSE(SocketAddress::of(at("2001:db8::1", 4000), AF_INET));
  CHECK(SocketAddress::of(at("::ffff:192.0.2.1", 4000), AF_INET)->endpoint() == at("192.0.2.1", 4000));
  const auto mapped = SocketAddress::of(at("192.0.2.1", 4000), AF_INET6);
  CHECK(mapped->size() == sizeof(sockaddr_in6));
  CHECK(mapped->endpoint() == at("192.0.2.1", 4000));
  CHECK(SocketAddress::of(at("2001:db8::1", 4000), AF_INET6)->endpoint() == at("2001:db8::1", 4000));
  CHECK(SocketAddress().endpoint() == base::Endpoint{});
}
