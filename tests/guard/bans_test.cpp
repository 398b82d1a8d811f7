// Bans as a clock goes by, their file, the kernel's filter, limits for each address.
#include "guard/bans.hpp"

#include "guard/ban_file.hpp"
#include "guard/socket_filter.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <filesystem>
#include <memory>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using guard::Offence;

namespace {

constexpr base::WallMicros second = 1'000'000;
constexpr base::WallMicros start = 1'700'000'000 * second;

base::IpAddress ip(const char* text) { return asio::ip::make_address(text); }

std::shared_ptr<config::Snapshot> rules() {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->acl["office"] = {"office", {{ip("10.0.0.0"), 8}}};
  snapshot->bans.never = "office";
  return snapshot;
}

/// So many wrong passwords, a second apart. Returns the time after them.
base::WallMicros guess(guard::Bans& bans, const char* from, int times, base::WallMicros at) {
  for (int i = 0; i < times; ++i, at += second) {
    (void)bans.note(Offence::wrong_password, ip(from), true, at);
  }
  return at;
}

}  // namespace

TEST_CASE("five wrong passwords within the window ban an address, for an hour, then twice that", "[bans]") {
  guard::Bans bans(rules());
  auto now = guess(bans, "192.0.2.1", 4, start);
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), now));
  now = guess(bans, "192.0.2.1", 1, now);
  CHECK(bans.is_banned(ip("192.0.2.1"), now));
  CHECK(bans.is_banned(ip("::ffff:192.0.2.1"), now));
  CHECK_FALSE(bans.is_banned(ip("192.0.2.2"), now));
  REQUIRE(bans.list(now).size() == 1);
  CHECK(bans.list(now)[0].why == "5 wrong passwords within 4 s");
  now += 3600 * second;
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), now));
  now = guess(bans, "192.0.2.1", 5, now);
  CHECK(bans.is_banned(ip("192.0.2.1"), now + 7000 * second));
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), now + 7200 * second));
}

TEST_CASE("a ban names the extensions whose passwords were asked for, and nothing that a stranger wrote",
          "[bans]") {
  const auto snapshot = rules();
  for (const auto* number : {"1001", "1002", "1003", "1004"}) {
    snapshot->extensions[number] = {};
  }
  const auto why = [&](std::vector<std::string> users) {
    guard::Bans bans(snapshot);
    for (const auto& user : users) {
      (void)bans.note(Offence::wrong_password, ip("192.0.2.1"), true, start, user);
    }
    REQUIRE(bans.list(start).size() == 1);
    return bans.list(start)[0].why;
  };
  CHECK(why({"1001", "1001", "1001", "1001", "1001"}) == "5 wrong passwords for 1001 within 1 s");
  CHECK(why({"1002", "1001", "1002", "1001", "1002"}) == "5 wrong passwords for 1002, 1001 within 1 s");
  CHECK(why({"1001", "1002", "1003", "1004", "1001"}) ==
        "5 wrong passwords for 1001, 1002, 1003 and others within 1 s");
  CHECK(why({"1001", "x\n192.0.2.9", "", "9", "1001"}) == "5 wrong passwords for 1001 and others within 1 s");
  CHECK(why({"a", "b", "c", "d", "e"}) == "5 wrong passwords within 1 s");
}

TEST_CASE("no ban is longer than the longest, however often somebody comes back", "[bans]") {
  guard::Bans bans(rules());
  auto now = start;
  for (int i = 0; i < 40; ++i) {
    now = guess(bans, "192.0.2.1", 5, now);
    REQUIRE(bans.list(now).size() == 1);
    const auto ban = bans.list(now)[0];
    CHECK(ban.until - ban.since <= 7 * 24 * 3600 * second);
    now = ban.until;
  }
}

TEST_CASE("what is slow, unproved, forgiven or trusted bans nobody", "[bans]") {
  guard::Bans bans(rules());
  auto now = start;
  for (int i = 0; i < 100; ++i, now += 76 * second) {  // never five within five minutes
    (void)bans.note(Offence::wrong_password, ip("192.0.2.1"), true, now);
  }
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), now));
  for (int i = 0; i < 100; ++i) {
    (void)bans.note(Offence::wrong_password, ip("192.0.2.2"), false, now);
    (void)bans.note(Offence::old_password, ip("192.0.2.3"), true, now);
    (void)bans.note(Offence::wrong_password, ip("10.1.2.3"), true, now);
  }
  CHECK(bans.list(now).empty());
  (void)bans.note(Offence::scanner, ip("192.0.2.4"), true, now);
  CHECK(bans.is_banned(ip("192.0.2.4"), now));
}

TEST_CASE("an IPv6 host has 64 bits to hide in", "[bans]") {
  guard::Bans bans(rules());
  auto now = start;
  for (const char* from : {"2001:db8::1", "2001:db8::2", "2001:db8::3:4", "2001:db8::5", "2001:db8::6"}) {
    now = guess(bans, from, 1, now);
  }
  CHECK(bans.is_banned(ip("2001:db8::ffff"), now));
  CHECK_FALSE(bans.is_banned(ip("2001:db8:0:1::1"), now));
}

TEST_CASE("bans by hand hold for the trusted too, end, and are lifted", "[bans]") {
  guard::Bans bans(rules());
  int changes = 0;
  bans.on_change([&] { ++changes; });
  (void)bans.add(ip("10.1.2.3"), 10min, "asked too much", start);
  CHECK(bans.is_banned(ip("10.1.2.3"), start));
  bans.configure(rules());
  CHECK(bans.is_banned(ip("10.1.2.3"), start));
  CHECK_FALSE(bans.is_banned(ip("10.1.2.3"), start + 600 * second));
  CHECK(bans.expire(start + 600 * second));
  CHECK_FALSE(bans.lift(ip("10.1.2.3")));
  (void)guess(bans, "192.0.2.1", 5, start);
  CHECK(bans.lift(ip("192.0.2.1")));
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), start + 6 * second));
  CHECK(changes == 3);
}

TEST_CASE("who becomes trusted by a reload is let in", "[bans]") {
  guard::Bans bans(rules());
  const auto now = guess(bans, "192.0.2.1", 5, start);
  auto wider = rules();
  wider->acl["office"].allow.push_back({ip("192.0.2.0"), 24});
  bans.configure(wider);
  CHECK_FALSE(bans.is_banned(ip("192.0.2.1"), now));
}

TEST_CASE("bans outlive a restart, odd lines of their file do not", "[bans]") {
  guard::Bans bans(rules());
  auto now = guess(bans, "192.0.2.1", 5, start);
  (void)bans.add(ip("2001:db8::9"), 24h, "line\nfeed", now);
  const std::string text =
      guard::write_bans(bans.kept()) + "\nrubbish\n1.2.3.4 x 2 3 self\n1.2.3.4 1 2 0 self zero\n";
  guard::Bans next(rules());
  next.restore(guard::read_bans(text), now);
  CHECK(next.is_banned(ip("192.0.2.1"), now));
  CHECK(next.is_banned(ip("2001:db8::77"), now));
  CHECK_FALSE(next.is_banned(ip("1.2.3.4"), now));
  CHECK(next.kept().size() == 2);
  CHECK(next.list(now)[0].why == "line feed");
  // A clock that was years ahead when it was written bans nobody for years.
  guard::Bans later(rules());
  later.restore({{ip("192.0.2.5"), start, start + 100'000'000 * second, 1, false, "x"}}, start);
  CHECK_FALSE(later.is_banned(ip("192.0.2.5"), start + 8 * 24 * 3600 * second));
}

TEST_CASE("the file is written whole", "[bans]") {
  const auto folder = std::filesystem::temp_directory_path() / ("sr-bans-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  guard::Bans bans(rules());
  (void)guess(bans, "192.0.2.1", 5, start);
  {
    guard::BanFile(folder / "bans").put(bans.kept());
  }
  const auto read = guard::BanFile(folder / "bans").load();
  REQUIRE(read.size() == 1);
  CHECK(read[0].address == ip("192.0.2.1"));
  CHECK((std::filesystem::status(folder / "bans").permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
  CHECK(guard::BanFile(folder / "nothing" / "bans").load().empty());
  {
    guard::BanFile(folder / "nothing" / "bans").put(bans.kept());
  }  // cannot be written: a line in the log
  std::filesystem::remove_all(folder);
}

TEST_CASE("the filter drops in the kernel whom it names, and nobody else", "[bans]") {
  const int receiver = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(receiver, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
  socklen_t size = sizeof here;
  REQUIRE(::getsockname(receiver, reinterpret_cast<sockaddr*>(&here), &size) == 0);
  const auto hears = [&](const char* from) {
    const int sender = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = ::inet_addr(from);
    REQUIRE(::bind(sender, reinterpret_cast<sockaddr*>(&source), sizeof source) == 0);
    REQUIRE(::sendto(sender, "x", 1, 0, reinterpret_cast<sockaddr*>(&here), sizeof here) == 1);
    ::close(sender);
    char byte = 0;
    return ::recv(receiver, &byte, 1, MSG_DONTWAIT) == 1;  // loopback delivers within sendto
  };
  std::vector<base::IpAddress> out;
  for (unsigned i = 0; i < 998; ++i) {
    out.emplace_back(asio::ip::address_v4(0x0A000000U + i));
  }
  out.push_back(ip("127.0.0.5"));
  out.push_back(ip("2001:db8::"));
  REQUIRE(guard::attach_filter(receiver, out));
  CHECK(hears("127.0.0.4"));
  CHECK_FALSE(hears("127.0.0.5"));
  REQUIRE(guard::attach_filter(receiver, {}));
  CHECK(hears("127.0.0.5"));
  ::close(receiver);

  const int six = ::socket(AF_INET6, SOCK_DGRAM, 0);
  std::vector<base::IpAddress> many;
  for (unsigned i = 0; i < 1000; ++i) {
    auto bytes = ip("2001:db8::").to_v6().to_bytes();
    bytes[6] = static_cast<unsigned char>(i >> 8U);
    bytes[7] = static_cast<unsigned char>(i);
    many.emplace_back(asio::ip::address_v6(bytes));
  }
  CHECK(guard::attach_filter(six, many));  // as many as fit
  ::close(six);
}

TEST_CASE("each address has its own bucket", "[bans]") {
  guard::AddressLimit limit;
  base::Time now{};
  now += 1h;
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    taken += limit.take(ip("192.0.2.1"), 10, now) ? 1 : 0;
  }
  CHECK(taken == 10);
  CHECK(limit.take(ip("192.0.2.2"), 10, now));
  now += 500ms;
  for (int i = 0; i < 100; ++i) {
    taken += limit.take(ip("192.0.2.1"), 10, now) ? 1 : 0;
  }
  CHECK(taken == 15);
  now += 1min;
  (void)limit.take(ip("192.0.2.3"), 10, now);
  CHECK(limit.size() == 1);
  CHECK(limit.take(ip("192.0.2.9"), 0, now));
}

TEST_CASE("somebody who signed in is known for an hour", "[bans]") {
  guard::Acquaintances known;
  base::Time now{};
  known.note(ip("192.0.2.1"), now);
  CHECK(known.knows(ip("192.0.2.1"), now + 59min));
  CHECK_FALSE(known.knows(ip("192.0.2.1"), now + 61min));
  CHECK_FALSE(known.knows(ip("192.0.2.2"), now));
}

TEST_CASE("tools for attacks say their names", "[bans]") {
  CHECK(guard::is_scanner("friendly-scanner"));
  CHECK(guard::is_scanner("SIPVicious/0.3"));
  CHECK_FALSE(guard::is_scanner("Linphone/5.1"));
  CHECK_FALSE(guard::is_scanner(""));
}
