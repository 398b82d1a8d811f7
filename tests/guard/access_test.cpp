// Access lists and the limit on how often.
#include "guard/access.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace std::chrono_literals;

namespace {

base::IpAddress ip(const char* text) { return asio::ip::make_address(text); }

config::SnapshotPtr snapshot() {
  auto made = std::make_shared<config::Snapshot>();
  made->acl["lan"] = {"lan", {{ip("10.0.0.0"), 8}, {ip("fd00::"), 8}}};
  made->acl["desk"] = {"desk", {{ip("10.0.0.7"), 32}}};
  made->profiles["open"] = {};
  made->profiles["office"].allow = "lan";
  made->profiles["office"].allow_register = "desk";
  made->profiles["calls"].allow_call = "desk";
  made->profiles["broken"].allow = "nothing";
  return made;
}

}  // namespace

TEST_CASE("a network contains its addresses and no others") {
  const config::Network odd{ip("192.168.4.0"), 22};
  CHECK(guard::contains(odd, ip("192.168.4.0")));
  CHECK(guard::contains(odd, ip("192.168.7.255")));
  CHECK_FALSE(guard::contains(odd, ip("192.168.8.0")));
  CHECK_FALSE(guard::contains(odd, ip("192.168.3.255")));
  CHECK(guard::contains({ip("0.0.0.0"), 0}, ip("203.0.113.9")));
  CHECK_FALSE(guard::contains({ip("0.0.0.0"), 0}, ip("2001:db8::1")));
  CHECK(guard::contains({ip("192.0.2.1"), 32}, ip("192.0.2.1")));
  CHECK_FALSE(guard::contains({ip("192.0.2.1"), 32}, ip("192.0.2.0")));
  CHECK(guard::contains({ip("2001:db8:8000::"), 33}, ip("2001:db8:ffff::1")));
  CHECK_FALSE(guard::contains({ip("2001:db8:8000::"), 33}, ip("2001:db8:7fff::1")));
  CHECK(guard::contains({ip("::"), 0}, ip("fe80::1")));
}

TEST_CASE("an IPv4 peer on an IPv6 socket is the IPv4 peer") {
  CHECK(guard::contains({ip("10.0.0.0"), 8}, ip("::ffff:10.1.2.3")));
  CHECK_FALSE(guard::contains({ip("10.0.0.0"), 8}, ip("::ffff:11.1.2.3")));
  CHECK(guard::contains({ip("::ffff:10.0.0.0"), 104}, ip("10.1.2.3")));
  CHECK_FALSE(guard::contains({ip("::ffff:10.0.0.0"), 104}, ip("11.1.2.3")));
  CHECK_FALSE(guard::contains({ip("::"), 0}, ip("::ffff:10.1.2.3")));
}

TEST_CASE("a profile without lists admits everyone, one with lists those on them") {
  using guard::Wish;
  const guard::Access access(snapshot());
  for (const Wish wish : {Wish::send, Wish::enroll, Wish::call}) {
    CHECK(access.admit(wish, ip("203.0.113.9"), "open"));
    CHECK_FALSE(access.admit(wish, ip("203.0.113.9"), "office"));
    CHECK(access.admit(wish, ip("10.0.0.7"), "office"));
    CHECK_FALSE(access.admit(wish, ip("10.0.0.7"), "no such profile"));
    CHECK_FALSE(access.admit(wish, ip("10.0.0.7"), "broken"));
  }
  CHECK(access.admit(Wish::send, ip("10.0.0.8"), "office"));
  CHECK(access.admit(Wish::call, ip("10.0.0.8"), "office"));
  CHECK_FALSE(access.admit(Wish::enroll, ip("10.0.0.8"), "office"));
  CHECK(access.admit(Wish::enroll, ip("10.0.0.8"), "calls"));
  CHECK_FALSE(access.admit(Wish::call, ip("10.0.0.8"), "calls"));
  CHECK(access.admit(Wish::send, ip("fd12::1"), "office"));
}

TEST_CASE("a reload changes who is admitted") {
  guard::Access access(snapshot());
  auto changed = std::make_shared<config::Snapshot>(*snapshot());
  changed->profiles["open"].allow = "lan";
  access.configure(changed);
  CHECK_FALSE(access.admit(guard::Wish::send, ip("203.0.113.9"), "open"));
}

TEST_CASE("the limit lets one second's worth through at once, then its rate") {
  guard::RateLimit limit(10);
  base::Time now{1h};
  for (int i = 0; i < 10; ++i) {
    CHECK(limit.take(now));
  }
  CHECK_FALSE(limit.take(now));
  now += 99ms;
  CHECK_FALSE(limit.take(now));
  now += 2ms;
  CHECK(limit.take(now));
  CHECK_FALSE(limit.take(now));
  now += 1h;
  int taken = 0;
  while (limit.take(now)) {
    ++taken;
  }
  CHECK(taken == 10);
}

TEST_CASE("over a long time exactly the rate gets through") {
  guard::RateLimit limit(50);
  int taken = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    taken += limit.take(base::Time{1h} + std::chrono::milliseconds(ms)) ? 1 : 0;
  }
  CHECK(taken >= 548);
  CHECK(taken <= 550);
}

TEST_CASE("a limit of none refuses everything, and a reload lowers what has gathered") {
  guard::RateLimit none(0);
  CHECK_FALSE(none.take(base::Time{1h}));
  CHECK_FALSE(none.take(base::Time{2h}));
  guard::RateLimit limit(100);
  CHECK(limit.take(base::Time{1h}));
  limit.configure(2);
  CHECK(limit.take(base::Time{1h}));
  CHECK(limit.take(base::Time{1h}));
  CHECK_FALSE(limit.take(base::Time{1h}));
}
