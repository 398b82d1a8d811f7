// Bans as a transaction of nf_tables; tests/system/test_nftables.py hands such to a kernel.
#include "guard/nftables.hpp"

#include <catch2/catch.hpp>
#include <linux/netlink.h>

#include <cstring>

using namespace switchroom;

namespace {

guard::Ban ban(const std::string& address, base::WallMicros until) {
  guard::Ban made;
  made.address = asio::ip::make_address(address);
  made.until = until;
  return made;
}

/// The lengths of the messages; they must fill the bytes exactly.
std::vector<std::size_t> messages(const std::string& bytes) {
  std::vector<std::size_t> lengths;
  std::size_t at = 0;
  while (at < bytes.size()) {
    nlmsghdr header{};
    REQUIRE(bytes.size() - at >= sizeof header);
    std::memcpy(&header, bytes.data() + at, sizeof header);
    REQUIRE(header.nlmsg_len >= sizeof header);
    REQUIRE(header.nlmsg_len % 4 == 0);
    CHECK(header.nlmsg_seq == lengths.size() + 1);
    lengths.push_back(header.nlmsg_len);
    at += header.nlmsg_len;
  }
  CHECK(at == bytes.size());
  return lengths;
}

const config::NftablesSet where{"inet", "filter", "switchroom"};
constexpr base::WallMicros now = 1'000'000'000;

}  // namespace

TEST_CASE("how a set is written") {
  const auto good = config::parse_nftables("inet filter switchroom");
  REQUIRE(good.has_value());
  CHECK(good->family == "inet");
  CHECK(good->table == "filter");
  CHECK(good->set == "switchroom");
  for (const char* bad : {"", "inet", "inet filter", "bridge filter x", "inet filter a b", "inet fil;ter x",
                          "inet filter a12345678901234567890123456789012"}) {
    INFO(bad);
    CHECK_FALSE(config::parse_nftables(bad).has_value());
  }
}

TEST_CASE("nothing but the emptying when there is nobody") {
  const std::vector<guard::Ban> over{ban("192.0.2.1", now), ban("2001:db8::1", now + 5)};
  const auto batch = guard::fill_set(where, false, over, now);
  CHECK(messages(batch.bytes).size() == 3);
  CHECK(batch.last == 2);
}

TEST_CASE("addresses stand in the message of their family, with the time that is left") {
  const std::vector<guard::Ban> bans{ban("192.0.2.1", now + 3'000'000), ban("2001:db8::", now + 5'000'000)};
  const auto v4 = guard::fill_set(where, false, bans, now);
  CHECK(messages(v4.bytes).size() == 4);
  CHECK(v4.last == 3);
  CHECK(v4.bytes.find(std::string("\xC0\x00\x02\x01", 4)) != std::string::npos);
  CHECK(v4.bytes.find(std::string("\x00\x00\x00\x00\x00\x00\x0B\xB9", 8)) != std::string::npos);  // 3001 ms
  CHECK(v4.bytes.find("switchroom6") == std::string::npos);
  const auto v6 = guard::fill_set(where, true, bans, now);
  CHECK(v6.bytes.find(std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16)) != std::string::npos);
  CHECK(v6.bytes.find(std::string("\x20\x01\x0d\xb8\0\0\0\x01\0\0\0\0\0\0\0\0", 16)) != std::string::npos);
  CHECK(v6.bytes.find("switchroom6") != std::string::npos);
}

TEST_CASE("many go in several messages, and not without end") {
  std::vector<guard::Ban> bans;
  for (unsigned i = 0; i < 2500; ++i) {
    bans.push_back(ban("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), now + 9'000'000));
  }
  const auto lengths = messages(guard::fill_set(where, false, bans, now).bytes);
  CHECK(lengths.size() == 3 + guard::most_handed_over / 500);
  for (const std::size_t length : lengths) {
    CHECK(length < 65536);
  }
}
