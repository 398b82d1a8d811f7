// random, net and clock: values without threads.
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <set>

using namespace switchroom;
using asio::ip::make_address;

TEST_CASE("random_below stays below its bound and reaches all of it") {
  for (const std::uint32_t bound : {1U, 2U, 3U, 10U, 0x80000001U, 0xffffffffU}) {
    for (int i = 0; i < 1000; ++i) REQUIRE(base::random_below(bound) < bound);
  }
  std::array<int, 10> seen{};
  for (int i = 0; i < 10'000; ++i) ++seen[base::random_below(10)];
  for (const int count : seen) CHECK((count > 800 && count < 1200));
}

TEST_CASE("random bytes of any length, larger than the pool too, never repeat") {
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{1024}, std::size_t{1025}, std::size_t{100'000}}) {
    std::vector<std::byte> a(length);
    std::vector<std::byte> b(length);
    base::random_bytes(a);
    base::random_bytes(b);
    if (length > 16) CHECK(a != b);
  }
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(base::random_u64());
  CHECK(seen.size() == 10'000);
}

TEST_CASE("tokens have the asked length and alphabet, uuids the form of version 4") {
  std::set<std::string> seen;
  for (std::size_t length : {0U, 1U, 12U, 13U, 24U, 100U}) {
    const std::string token = base::random_token(length);
    CHECK(token.size() == length);
    CHECK(token.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = base::random_uuid();
    REQUIRE(uuid.size() == 36);
    REQUIRE(uuid[14] == '4');
    REQUIRE(std::string("89ab").find(uuid[19]) != std::string::npos);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) REQUIRE(uuid[dash] == '-');
    seen.insert(uuid);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("endpoints in text") {
  CHECK(base::text({make_address("192.0.2.1"), 5060}) == "192.0.2.1:5060");
  CHECK(base::text({make_address("2001:db8::1"), 5060}) == "[2001:db8::1]:5060");
  CHECK(base::host_text(make_address("::1")) == "[::1]");
  CHECK(base::unmapped(make_address("::ffff:192.0.2.1")) == make_address("192.0.2.1"));
  CHECK(base::unmapped(make_address("2001:db8::1")) == make_address("2001:db8::1"));
  CHECK(base::unmapped(make_address("192.0.2.1")) == make_address("192.0.2.1"));
}

TEST_CASE("the address towards a peer is one of ours") {
  CHECK(base::local_address_towards(make_address("127.0.0.1")) == make_address("127.0.0.1"));
  CHECK(base::local_address_towards(make_address("127.9.9.9")).is_loopback());
  // Without a route (or without IPv6) it is unspecified, never an exception.
  CHECK_NOTHROW(base::local_address_towards(make_address("2001:db8::1")));
  CHECK_NOTHROW(base::local_address_towards(make_address("0.0.0.0")));
}

TEST_CASE("stamps") {
  CHECK(base::utc_stamp(0).empty());
  CHECK(base::local_stamp(0).empty());
  CHECK(base::utc_stamp(1795383231'123'456) == "2026-11-22 21:33:51");
  CHECK(base::utc_stamp(1) == "1970-01-01 00:00:00");
  CHECK(base::utc_stamp(-1) == "1969-12-31 23:59:59");
  CHECK(base::local_stamp(1'000'000).size() == 19);
  const base::WallMicros now = base::wall_now();
  CHECK(now > 1'700'000'000'000'000);
}
