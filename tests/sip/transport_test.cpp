// Transports over real sockets of the loopback.
#include "sip/transport/listen_address.hpp"
#include "sip/transport/route_cache.hpp"
#include "sip/transport/warning_gate.hpp"
#include "transport_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <vector>

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::test;

namespace {

Flow tcp_to(ListenerId listener, const base::Endpoint& remote) {
  return {TransportKind::tcp, listener, remote, 0};
}

}  // namespace

TEST_CASE("listen addresses are numeric, with a port; the error says how they are written") {
  const auto good = parse_listen_address("udp:0.0.0.0:5060");
  REQUIRE(good.has_value());
  CHECK(good->kind == TransportKind::udp);
  CHECK(base::text(good->endpoint) == "0.0.0.0:5060");
  const auto six = parse_listen_address("tcp:[2001:db8::1]:0");
  REQUIRE(six.has_value());
  CHECK(six->kind == TransportKind::tcp);
  CHECK(base::text(six->endpoint) == "[2001:db8::1]:0");
  for (const char* bad : {"", "udp", "udp:", "udp:1.2.3.4", "udp:1.2.3.4:", "udp:1.2.3.4:65536",
                          "udp:1.2.3.4:5060x", "ws:1.2.3.4:5061", "tls:1.2.3.4", "tcp:::1:5060",
                          "tcp:[1.2.3.4]:5060", "tcp:localhost:5060", "udp::5060"}) {
    const auto result = parse_listen_address(bad);
    INFO(bad);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().what.find("udp:0.0.0.0:5060") != std::string::npos);
  }
}

TEST_CASE("a failed bind says which address and why") {
  House house;
  const auto taken = house.open("udp:127.0.0.1:0");
  const auto again = house.transports.listen(fmt::format("udp:127.0.0.1:{}", taken.port), "lan", none);
  REQUIRE_FALSE(again);
  CHECK(again.error().what ==
        fmt::format("udp 127.0.0.1:{0}: the port is taken by another program (see: ss -ulpn "
                    "'sport = :{0}')",
                    taken.port));
  const auto tcp = house.open("tcp:127.0.0.1:0");
  const auto tcp_again = house.transports.listen(fmt::format("tcp:127.0.0.1:{}", tcp.port), "lan", none);
  REQUIRE_FALSE(tcp_again);
  CHECK(tcp_again.error().what.find("ss -tlpn") != std::string::npos);
  const auto foreign = house.transports.listen("udp:192.0.2.77:5060", "lan", none);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().what.find("no such address") != std::string::npos);
  CHECK_FALSE(house.transports.listen("nonsense", "lan", none));
  CHECK(house.transports.listeners().size() == 2);
}

TEST_CASE("datagrams come in with their source, and answers go back") {
  House house;
  const std::string where = GENERATE(std::string("udp:127.0.0.1:0"), std::string("udp:[::1]:0"));
  const auto local = house.open(where);
  UdpPeer peer(local.address.is_v6() ? "::1" : "127.0.0.1");
  house.recorder.then = [&](const Message&, const Flow& from) {
    CHECK(house.transports.send(from, "answer"));
  };
  peer.send(local, options("first"));
  REQUIRE(house.run([&] { return !house.recorder.messages.empty(); }));
  CHECK(house.recorder.messages == std::vector<std::string>{"first"});
  CHECK(house.recorder.flows[0] == Flow{TransportKind::udp, house.last, peer.local(), 0});
  CHECK(house.run([&] { return peer.receive() == "answer"; }));
  CHECK(house.transports.counters().received == 1);
  CHECK(house.transports.counters().sent == 1);
}

TEST_CASE("a burst of datagrams is received whole, and a timer in between has its turn") {
  House house;
  const auto local = house.open("udp:127.0.0.1:0");
  UdpPeer peer;
  const std::size_t burst = 600;
  for (std::size_t i = 0; i < burst; ++i) {
    peer.send(local, options(std::to_string(i)));
  }
  std::size_t at_timer = 0;
  asio::post(house.io, [&] { asio::post(house.io, [&] { at_timer = house.recorder.messages.size(); }); });
  REQUIRE(house.run([&] { return house.recorder.messages.size() == burst; }));
  CHECK(at_timer < burst);
  CHECK(house.recorder.messages.front() == "0");
  CHECK(house.recorder.messages.back() == std::to_string(burst - 1));
}

TEST_CASE("keep-alives and nonsense by UDP are counted, malformed requests handed on for their 400") {
  House house;
  const auto local = house.open("udp:127.0.0.1:0");
  UdpPeer peer;
  peer.send(local, "\r\n\r\n");
  peer.send(local, std::string_view("\0", 1));
  peer.send(local, "");
  peer.send(local, std::string(60000, 'A'));
  std::string bad = options("bad");
  bad.replace(bad.find("CSeq: 1 OPTIONS"), 15, "CSeq: 1 INVITE!");
  peer.send(local, bad);
  peer.send(local, options("good"));
  REQUIRE(house.run([&] { return !house.recorder.messages.empty(); }));
  const auto counters = house.transports.counters();
  CHECK(counters.keepalives == 3);
  CHECK(counters.malformed == 2);
  CHECK(counters.received == 1);
}

TEST_CASE("a flood of malformed requests gets a bounded number of answers") {
  House house;
  const auto local = house.open("udp:127.0.0.1:0");
  UdpPeer peer;
  std::string bad = options("bad");
  bad.replace(bad.find("CSeq: 1 OPTIONS"), 15, "CSeq: 1 INVITE");
  for (int i = 0; i < 400; ++i) {
    peer.send(local, bad);
  }
  REQUIRE(house.run([&] { return house.transports.counters().malformed == 400; }));
  CHECK(house.recorder.malformed.size() >= 1);
  CHECK(house.recorder.malformed.size() <= 200);
  CHECK(house.transports.counters().unanswered == 400 - house.recorder.malformed.size());
}

TEST_CASE("a source that is not admitted is dropped unseen, by UDP and at accept") {
  std::vector<std::string> asked;
  House house({}, [&](const base::IpAddress& source, const std::string& profile) {
    asked.push_back(profile + " " + source.to_string());
    return false;
  });
  const auto udp = house.open("udp:127.0.0.1:0");
  const auto tcp = house.open("tcp:127.0.0.1:0", "wan");
  UdpPeer peer;
  peer.send(udp, options());
  TcpPeer stranger(tcp);
  stranger.write(options());
  REQUIRE(house.run([&] { return house.transports.counters().refused == 2; }));
  CHECK(stranger.ended());
  house.idle(milliseconds(20));
  CHECK(house.recorder.messages.empty());
  CHECK(house.transports.counters().connections == 0);
  CHECK(std::count(asked.begin(), asked.end(), "lan 127.0.0.1") == 1);
  CHECK(std::count(asked.begin(), asked.end(), "wan 127.0.0.1") == 1);
}

TEST_CASE("TCP: several messages in one segment, and one message in many") {
  House house;
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer peer(local);
  peer.write(options("a", 3) + "\r\n" + options("b") + options("c", 40000));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 3; }));
  const std::string slow = options("d", 5);
  for (const char byte : slow) {
    peer.write({&byte, 1});
    house.idle(milliseconds(1));
  }
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 4; }));
  CHECK(house.recorder.messages == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(house.recorder.flows[0].connection != 0);
  CHECK(house.recorder.flows[0] == house.recorder.flows[3]);
  CHECK(house.recorder.flows[0].listener == house.last);
  CHECK(house.transports.send(house.recorder.flows[0], "answer"));
  CHECK(peer.read() == "answer");
}

TEST_CASE("TCP keep-alives: a ping gets its pong, a pong and stray CRLFs are skipped") {
  House house({.first_message_limit = milliseconds(150)});
  const auto local = house.open("tcp:[::1]:0");
  TcpPeer peer(local);
  peer.write(options("a"));
  peer.write("\r\n\r\n");
  REQUIRE(house.run([&] { return peer.available() >= 2; }));
  CHECK(peer.read() == "\r\n");
  peer.write("\r\n");
  house.idle(milliseconds(300));  // a lone CRLF is no message that lingers
  peer.write(options("b"));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 2; }));
  CHECK(house.transports.counters().keepalives == 1);
  house.transports.keepalive(house.recorder.flows[0]);
  CHECK(peer.read() == "\r\n\r\n");
}

TEST_CASE("who connects and stays silent, or dribbles for ever, is closed; who pings only, too") {
  House house({.first_message_limit = milliseconds(120)});
  const auto local = house.open("tcp:127.0.0.1:0");
  SECTION("silent") {
    TcpPeer peer(local);
    REQUIRE(house.run([&] { return house.transports.counters().connections == 1; }));
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }, seconds(2)));
    CHECK(peer.ended());
  }
  SECTION("pings") {
    TcpPeer peer(local);
    REQUIRE(house.run(
        [&] {
          peer.write("\r\n\r\n");
          return house.recorder.closed.size() == 1;
        },
        seconds(2)));
  }
  SECTION("dribbles its first message") {
    TcpPeer peer(local);
    std::size_t at = 0;
    const std::string text = options("slow", 2000);
    REQUIRE(house.run(
        [&] {
          peer.write(text.substr(at++ % text.size(), 1));
          return house.recorder.closed.size() == 1;
        },
        seconds(2)));
    CHECK(house.recorder.messages.empty());
  }
  SECTION("dribbles its second") {
    TcpPeer peer(local);
    peer.write(options("one") + "OPTIONS sip:");
    REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }, seconds(2)));
  }
  CHECK(house.transports.counters().connections == 0);
}

TEST_CASE("an idle connection ends, one that speaks does not") {
  House house({.idle_limit = milliseconds(200)});
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer idle(local);
  TcpPeer busy(local);
  idle.write(options("idle"));
  busy.write(options("busy"));
  for (int i = 0; i < 8; ++i) {
    house.idle(milliseconds(60));
    busy.write("\r\n\r\n");
  }
  CHECK(house.recorder.messages.size() == 2);
  CHECK(idle.ended());
  CHECK(house.transports.counters().connections == 1);
  CHECK(house.recorder.closed.size() == 1);
}

TEST_CASE("a peer that closes in the middle of a message costs nothing") {
  House house;
  const auto local = house.open("tcp:127.0.0.1:0");
  {
    TcpPeer peer(local);
    peer.write(options("half").substr(0, 90));
    REQUIRE(house.run([&] { return house.transports.counters().connections == 1; }));
    house.idle(milliseconds(20));
  }
  REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }));
  CHECK(house.recorder.messages.empty());
  CHECK(house.transports.counters().connections == 0);
}

TEST_CASE("a stream that cannot be SIP is closed, with a 400 where one is deserved") {
  House house;
  const auto local = house.open("tcp:127.0.0.1:0");
  house.recorder.on_bad = [&](const Message& reject, const Flow& from) {
    house.transports.send(from, make_response(reject, house.recorder.statuses.back()).text());
  };
  TcpPeer peer(local);
  SECTION("a web browser") {
    peer.write("GET / HTTP/1.1\r\nHost: pbx\r\n\r\n");
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }));
  }
  SECTION("noise") {
    peer.write(std::string(40000, '\x81'));
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }));
  }
  SECTION("no Content-Length") {
    std::string text = options("no-length");
    text.erase(text.find("Content-Length: 0\r\n"), 19);
    peer.write(text + "OPTIONS sip:more");
    REQUIRE(house.run([&] { return house.recorder.malformed.size() == 1; }));
    CHECK(peer.read().starts_with("SIP/2.0 400 "));
    CHECK(peer.read().empty());
  }
  SECTION("a body beyond the limit") {
    std::string text = options("long");
    text.replace(text.find("Content-Length: 0"), 17, "Content-Length: 99999999");
    peer.write(text + std::string(200000, 'x'));
    CHECK(house.run([&] { return house.recorder.statuses == std::vector<int>{513}; }));
    // What is still unread is no reason for a reset, which would take the answer with it.
    peer.write(std::string(100000, 'x'));
    CHECK(peer.read().starts_with("SIP/2.0 513 "));
    CHECK(peer.read().empty());
    CHECK(house.recorder.closed.empty());
    error_code ignored;
    peer.socket.close(ignored);
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }, milliseconds(1500)));
  }
  SECTION("a header block beyond the limit") {
    peer.write(
        options("long", 0, "X: " + std::string(8000, 'y') + "\r\nX: " + std::string(8200, 'y') + "\r\n"));
    CHECK(house.run([&] { return house.recorder.statuses == std::vector<int>{400}; }));
    CHECK(house.recorder.malformed.back() == "Header block of more than 16384 bytes");
    CHECK(peer.read().starts_with("SIP/2.0 400 "));
  }
  SECTION("who is told that it is over and does not close is closed") {
    std::string text = options("no-length");
    text.erase(text.find("Content-Length: 0\r\n"), 19);
    peer.write(text);
    CHECK(house.run([&] { return house.recorder.statuses == std::vector<int>{400}; }));
    CHECK(house.recorder.malformed.back() == "No usable Content-Length");
    REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }, seconds(3)));
  }
  SECTION("a malformed message of the right length is answered, and the stream goes on") {
    std::string text = options("bad");
    text.replace(text.find("CSeq: 1 OPTIONS"), 15, "CSeq: 1 INVITE");
    peer.write(text + options("good"));
    REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
    CHECK(house.recorder.malformed.size() == 1);
    CHECK(house.recorder.closed.empty());
    CHECK(peer.read().starts_with("SIP/2.0 400 "));
  }
  CHECK(house.transports.counters().malformed == 1);
}

TEST_CASE("connections are limited in all and for each address") {
  Transports::Settings settings;
  SECTION("for each address") { settings.max_connections_per_address = 2; }
  SECTION("in all") { settings.max_connections = 2; }
  House house(settings);
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer one(local);
  auto two = std::make_unique<TcpPeer>(local);
  REQUIRE(house.run([&] { return house.transports.counters().connections == 2; }));
  TcpPeer three(local);
  REQUIRE(house.run([&] { return house.transports.counters().too_many == 1; }));
  CHECK(three.ended());
  two.reset();
  REQUIRE(house.run([&] { return house.transports.counters().connections == 1; }));
  TcpPeer four(local);
  REQUIRE(house.run([&] { return house.transports.counters().connections == 2; }));
  four.write(options("four"));
  CHECK(house.run([&] { return house.recorder.messages.size() == 1; }));
}

TEST_CASE("when descriptors run out, accepting rests and recovers") {
  House house;
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer before(local);
  REQUIRE(house.run([&] { return house.transports.counters().connections == 1; }));
  TcpPeer late;
  late.socket.open(asio::ip::tcp::v4());
  rlimit saved{};
  getrlimit(RLIMIT_NOFILE, &saved);
  const rlimit tight{3, saved.rlim_max};  // every new descriptor fails, those open live on
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  late.socket.connect({local.address, local.port});
  std::size_t turns = 0;
  const auto end = base::Clock::now() + milliseconds(350);
  while (base::Clock::now() < end) {
    house.io.restart();
    turns += house.io.run_one_for(milliseconds(400)) != 0 ? 1 : 0;
  }
  setrlimit(RLIMIT_NOFILE, &saved);
  CHECK(turns < 20);
  late.write(options("late"));
  CHECK(house.run([&] { return house.recorder.messages.size() == 1; }));
}

TEST_CASE("what is sent to a new place opens a connection, waits for it, and finds it again") {
  House house;
  house.open("tcp:127.0.0.1:0");
  asio::io_context peer_io;
  asio::ip::tcp::acceptor acceptor(peer_io, {asio::ip::make_address("127.0.0.1"), 0});
  const base::Endpoint remote{acceptor.local_endpoint().address(), acceptor.local_endpoint().port()};
  int failures = 0;
  CHECK(house.transports.send(tcp_to(house.last, remote), "one ", [&] { ++failures; }));
  CHECK(house.transports.send(tcp_to(house.last, remote), "two ", [&] { ++failures; }));
  asio::ip::tcp::socket peer(peer_io);
  acceptor.accept(peer);
  house.idle(milliseconds(30));
  CHECK(house.transports.send(tcp_to(house.last, remote), "three"));
  std::string bytes(13, '\0');
  asio::read(peer, asio::buffer(bytes));
  CHECK(bytes == "one two three");
  CHECK(house.transports.counters().connections == 1);
  CHECK(peer.remote_endpoint().address() == asio::ip::make_address("127.0.0.1"));

  SECTION("what the peer sends by it comes in, and its flow leads back") {
    asio::write(peer, asio::buffer(options("back")));
    REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
    CHECK(house.recorder.flows[0].remote == remote);
    CHECK(house.recorder.flows[0].connection != 0);
    CHECK(house.recorder.flows[0].listener == house.last);
  }
  SECTION("another profile has a connection of its own") {
    house.open("tcp:127.0.0.1:0", "wan");
    CHECK(house.transports.send(tcp_to(house.last, remote), "other"));
    CHECK(house.transports.counters().connections == 2);
  }
  SECTION("once it is closed the next message opens another, also for a flow that names the old one") {
    asio::write(peer, asio::buffer(options("bye")));
    REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
    const Flow old = house.recorder.flows[0];
    peer.close();
    REQUIRE(house.run([&] { return house.recorder.closed == std::vector<ConnectionId>{old.connection}; }));
    CHECK(house.transports.send(old, "again"));
    acceptor.accept(peer);
    house.idle(milliseconds(30));
    bytes.resize(5);
    asio::read(peer, asio::buffer(bytes));
    CHECK(bytes == "again");
  }
  CHECK(failures == 0);
}

TEST_CASE("a connection that is refused fails by another turn, once for each message") {
  House house;
  house.open("tcp:127.0.0.1:0");
  asio::io_context peer_io;
  asio::ip::tcp::acceptor acceptor(peer_io, {asio::ip::make_address("127.0.0.1"), 0});
  const base::Endpoint remote{acceptor.local_endpoint().address(), acceptor.local_endpoint().port()};
  acceptor.close();
  int failures = 0;
  CHECK(house.transports.send(tcp_to(house.last, remote), "one", [&] { ++failures; }));
  CHECK(house.transports.send(tcp_to(house.last, remote), "two", [&] { ++failures; }));
  CHECK(failures == 0);
  REQUIRE(house.run([&] { return failures == 2; }));
  CHECK(house.transports.counters().connections_failed == 1);
  CHECK(house.transports.counters().connections == 0);
}

TEST_CASE("a connection that is not answered fails after five seconds", "[slow]") {
  House house;
  house.open("tcp:127.0.0.1:0");
  FullListener full;
  const base::Endpoint remote = full.local();
  bool failed = false;
  const auto start = base::Clock::now();
  CHECK(house.transports.send(tcp_to(house.last, remote), "one", [&] { failed = true; }));
  REQUIRE(house.run([&] { return failed; }, seconds(8)));
  CHECK(base::Clock::now() - start > milliseconds(4900));
  CHECK(base::Clock::now() - start < milliseconds(5800));
}

TEST_CASE("who has another way to go waits for a connection no longer than it wants, others do") {
  House house;
  house.open("tcp:127.0.0.1:0");
  FullListener full;
  const auto start = base::Clock::now();
  std::vector<std::string> failed;
  CHECK(house.transports.send(tcp_to(house.last, full.local()), "patient",
                              [&] { failed.emplace_back("patient"); }));
  CHECK(house.transports.send(
      tcp_to(house.last, full.local()), "hurried", [&] { failed.emplace_back("hurried"); },
      milliseconds(100)));
  REQUIRE(house.run([&] { return !failed.empty(); }, seconds(2)));
  CHECK(failed == std::vector<std::string>{"hurried"});
  CHECK(base::Clock::now() - start < milliseconds(900));
  CHECK(house.transports.counters().connections == 1);
  // Room again: what is still wanted arrives, what was given up does not.
  full.fill.clear();
  full.acceptor.non_blocking(true);
  std::vector<asio::ip::tcp::socket> accepted;  // those that filled it too, which say nothing
  std::string bytes;
  REQUIRE(house.run(
      [&] {
        error_code nobody;
        if (auto next = full.acceptor.accept(nobody); !nobody) {
          next.non_blocking(true);
          accepted.push_back(std::move(next));
        }
        for (auto& one : accepted) {
          std::string some(100, ' ');
          error_code nothing;
          some.resize(one.read_some(asio::buffer(some), nothing));
          bytes += some;
        }
        return !bytes.empty();
      },
      seconds(4)));
  CHECK(bytes == "patient");
}

TEST_CASE("a connection that nobody has the patience for is given up") {
  House house;
  house.open("tcp:127.0.0.1:0");
  FullListener full;
  int failures = 0;
  for (int i = 0; i < 2; ++i) {
    CHECK(house.transports.send(
        tcp_to(house.last, full.local()), "hurried", [&] { ++failures; }, milliseconds(100)));
  }
  REQUIRE(house.run([&] { return failures == 2; }, seconds(2)));
  CHECK(house.transports.counters().connections == 0);
  CHECK(house.transports.counters().connections_failed == 1);
}

TEST_CASE("a peer that does not read is closed when its queue is full") {
  House house({.max_queued_bytes = 100000});
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer peer(local);
  peer.write(options("a"));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
  const Flow flow = house.recorder.flows[0];
  int failures = 0;
  int sent = 0;
  while (sent < 10000 && house.transports.send(flow, std::string(10000, 'x'), [&] { ++failures; })) {
    ++sent;
    if (house.transports.counters().connections == 0) {
      break;
    }
  }
  CHECK(sent < 10000);
  REQUIRE(house.run([&] { return house.recorder.closed.size() == 1; }));
  CHECK(failures >= 9);
  CHECK(failures <= 11);
}

TEST_CASE("a slow reader gets everything in order") {
  House house({.max_queued_bytes = 20U << 20U});
  const auto local = house.open("tcp:127.0.0.1:0");
  TcpPeer peer(local);
  peer.write(options("a"));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    std::string part(10000, static_cast<char>('a' + i % 26));
    all += part;
    REQUIRE(house.transports.send(house.recorder.flows[0], std::move(part)));
  }
  std::string got;
  peer.socket.non_blocking(true);
  REQUIRE(house.run([&] {
    got += peer.read();
    return got.size() == all.size();
  }));
  CHECK(got == all);
}

TEST_CASE("sending without a way returns false") {
  House house;
  const auto local = house.open("udp:127.0.0.1:0");
  const ListenerId udp = house.last;
  CHECK_FALSE(house.transports.send({TransportKind::udp, 99, local, 0}, "x"));
  CHECK_FALSE(house.transports.send({TransportKind::tcp, 99, local, 0}, "x"));
  CHECK_FALSE(house.transports.send({TransportKind::tcp, udp, {local.address, 0}, 0}, "x"));
  CHECK_FALSE(house.transports.send({TransportKind::udp, udp, {local.address, 0}, 0}, "x"));
  CHECK_FALSE(
      house.transports.send({TransportKind::udp, udp, {asio::ip::make_address("::1"), 5060}, 0}, "x"));
  CHECK_FALSE(house.transports.send({TransportKind::udp, udp, local, 0}, std::string(70000, 'x')));
  CHECK(house.transports.counters().unreachable == 6);
  CHECK(house.transports.counters().sent == 0);
}

TEST_CASE("a flow finds the listener of its profile that fits") {
  House house;
  const auto udp4 = house.open("udp:127.0.0.1:0");
  const ListenerId named = house.last;
  const auto udp6 = house.open("udp:[::1]:0");
  const auto tcp4 = house.open("tcp:127.0.0.1:0");
  house.open("tcp:127.0.0.1:0", "wan");
  auto& transports = house.transports;
  CHECK(transports.listener_of("lan", TransportKind::udp, true)->local == udp6);
  CHECK(transports.listener_of("lan", TransportKind::tcp, false)->local == tcp4);
  CHECK(transports.listener_of("lan", TransportKind::tcp, true) == nullptr);
  CHECK(transports.listener_of("dmz", TransportKind::udp, false) == nullptr);
  const base::Endpoint peer4{asio::ip::make_address("127.0.0.1"), 5060};
  const base::Endpoint peer6{asio::ip::make_address("::1"), 5060};
  CHECK(transports.advertised_for({TransportKind::udp, named, peer4, 0}) == udp4);
  CHECK(transports.advertised_for({TransportKind::udp, named, peer6, 0}) == udp6);
  CHECK(transports.advertised_for({TransportKind::tcp, named, peer4, 0}) == tcp4);
  UdpPeer six("::1");
  CHECK(transports.send({TransportKind::udp, named, six.local(), 0}, "six"));
  CHECK(house.run([&] { return six.receive() == "six"; }));
}

TEST_CASE("the address that is advertised: public, bound, or by the route") {
  House house;
  const auto open_id = house.transports.listen("udp:0.0.0.0:0", "lan", none);
  const auto public_id =
      house.transports.listen("udp:0.0.0.0:0", "wan", asio::ip::make_address("203.0.113.5"));
  REQUIRE(open_id);
  REQUIRE(public_id);
  const base::Endpoint near{asio::ip::make_address("127.0.0.5"), 5060};
  const auto* any = house.transports.find(*open_id);
  CHECK(house.transports.advertised_for({TransportKind::udp, *open_id, near, 0}) ==
        base::Endpoint{asio::ip::make_address("127.0.0.1"), any->local.port});
  CHECK_FALSE(any->advertised.address.is_unspecified());
  CHECK(any->local.port != 0);
  const auto* nat = house.transports.find(*public_id);
  CHECK(nat->advertised == base::Endpoint{asio::ip::make_address("203.0.113.5"), nat->local.port});
  CHECK(house.transports.advertised_for({TransportKind::udp, *public_id, near, 0}) == nat->advertised);
  const auto accepting = house.transports.listen("tcp:0.0.0.0:0", "lan", none);
  TcpPeer peer({asio::ip::make_address("127.0.0.9"), house.transports.find(*accepting)->local.port});
  peer.write(options("a"));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 1; }));
  CHECK(house.transports.advertised_for(house.recorder.flows[0]).address ==
        asio::ip::make_address("127.0.0.9"));
}

TEST_CASE("a closed listener takes its connections with it, also from inside its own callback") {
  House house;
  const auto udp = house.open("udp:127.0.0.1:0");
  const ListenerId udp_id = house.last;
  const auto tcp = house.open("tcp:127.0.0.1:0");
  const ListenerId tcp_id = house.last;
  house.recorder.then = [&](const Message&, const Flow& from) { house.transports.close(from.listener); };
  UdpPeer datagrams;
  datagrams.send(udp, options("u1"));
  datagrams.send(udp, options("u2"));
  TcpPeer stream(tcp);
  stream.write(options("t1") + options("t2"));
  REQUIRE(house.run([&] { return house.recorder.messages.size() == 2; }));
  house.idle(milliseconds(30));
  CHECK(house.recorder.messages.size() == 2);
  CHECK(house.transports.find(udp_id) == nullptr);
  CHECK(house.transports.find(tcp_id) == nullptr);
  CHECK(house.transports.counters().connections == 0);
  CHECK(house.recorder.closed.size() == 1);
  CHECK(stream.ended());
  house.transports.close(tcp_id);
  CHECK(house.transports.listen(fmt::format("udp:127.0.0.1:{}", udp.port), "lan", none));
}

TEST_CASE("nothing is called after the end of the transports") {
  asio::io_context io;
  Recorder recorder;
  bool failed = false;
  TcpPeer peer;
  {
    Transports transports(io, {}, {});
    transports.set_receiver(&recorder);
    const auto id = transports.listen("tcp:127.0.0.1:0", "lan", none);
    const auto local = transports.find(*id)->local;
    peer.socket.connect({local.address, local.port});
    peer.write(options("a"));
    CHECK(
        transports.send(tcp_to(*id, {asio::ip::make_address("127.0.0.1"), 1}), "x", [&] { failed = true; }));
    io.run_for(milliseconds(20));
    CHECK(recorder.messages.size() == 1);
    failed = false;
    CHECK(
        transports.send(tcp_to(*id, {asio::ip::make_address("127.0.0.1"), 1}), "x", [&] { failed = true; }));
  }
  io.restart();
  io.run_for(milliseconds(50));
  CHECK_FALSE(failed);
  CHECK(recorder.closed.size() == 1);  // of the first attempt, while they lived
}

TEST_CASE("routes are remembered for a while, and the memory is bounded") {
  RouteCache routes;
  const auto now = base::Clock::now();
  CHECK(routes.local_towards(asio::ip::make_address("127.0.0.1"), now) ==
        asio::ip::make_address("127.0.0.1"));
  CHECK(routes.local_towards(asio::ip::make_address("127.0.0.77"), now) ==
        asio::ip::make_address("127.0.0.1"));
  CHECK(routes.local_towards(asio::ip::make_address("::1"), now) == asio::ip::make_address("::1"));
  for (unsigned i = 0; i < 3000; ++i) {
    (void)routes.local_towards(asio::ip::address_v4(0x7f000001U + (i << 8U)), now);
  }
  CHECK(routes.local_towards(asio::ip::make_address("127.0.0.1"), now + seconds(10)) ==
        asio::ip::make_address("127.0.0.1"));
  CHECK(network_of(asio::ip::make_address("192.0.2.1"), 24) ==
        network_of(asio::ip::make_address("192.0.2.200"), 24));
  CHECK(network_of(asio::ip::make_address("192.0.2.1"), 32) !=
        network_of(asio::ip::make_address("192.0.2.200"), 32));
  CHECK(network_of(asio::ip::make_address("2001:db8::1"), 32) ==
        network_of(asio::ip::make_address("2001:db8::ffff"), 32));
  CHECK(network_of(asio::ip::make_address("::1"), 32) != network_of(asio::ip::make_address("0.0.0.1"), 32));
}

TEST_CASE("a warning gate lets one line a second pass and counts the rest") {
  WarningGate gate;
  const auto now = base::Clock::now();
  CHECK(gate.pass(now) == 0U);
  CHECK_FALSE(gate.pass(now));
  CHECK_FALSE(gate.pass(now + milliseconds(999)));
  CHECK(gate.pass(now + seconds(1)) == 2U);
  CHECK(gate.pass(now + seconds(3)) == 0U);
}
