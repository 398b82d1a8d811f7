// DTLS handshakes against themselves, over a bad network and among strangers, by a clock of the test's own;
// and an engine that is given keys by one.
#include "media/dtls/datagram.hpp"
#include "media/dtls/handshake.hpp"
#include "media/dtls/identity.hpp"
#include "media/engine/socket_address.hpp"
#include "media/srtp/context.hpp"
#include "peer.hpp"

#include <sys/syscall.h>
#include <sys/time.h>

#include <map>
#include <random>
#include <unistd.h>

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;
using sdp::CryptoSuite;
using Outcome = HandshakeEnd::Outcome;

namespace {

/// OpenSSL times its flights by gettimeofday(): in this program that is the test's clock while there is one.
const base::Time* simulated = nullptr;

}  // namespace

extern "C" int gettimeofday(struct timeval* __restrict tv, void* __restrict /*zone*/) noexcept {
  timespec now{};
  if (simulated != nullptr) {
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(simulated->time_since_epoch()).count();
    now = {us / 1'000'000, us % 1'000'000 * 1000};
  } else {
    (void)::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  }
  tv->tv_sec = now.tv_sec;
  tv->tv_usec = now.tv_nsec / 1000;
  return 0;
}

namespace {

std::unique_ptr<const DtlsIdentity> identity() { return DtlsIdentity::make().value(); }

SocketAddress media_address(const char* host, std::uint16_t port) {
  return SocketAddress::of({asio::ip::make_address(host), port}, AF_INET).value();
}

const std::vector<CryptoSuite> every{CryptoSuite::aes_cm_128_hmac_sha1_80, CryptoSuite::aead_aes_256_gcm,
                                     CryptoSuite::aead_aes_128_gcm, CryptoSuite::aes_cm_128_hmac_sha1_32};

/// Two sides and a network that loses, doubles and reorders what they send.
struct Encounter {
  struct Side {
    std::unique_ptr<const DtlsIdentity> who = identity();
    SocketAddress address;
    std::unique_ptr<Handshake> handshake;
    std::size_t sent = 0;  // bytes
  };
  explicit Encounter(unsigned seed = 1, double loss = 0) : random(seed), loss(loss) {
    simulated = &now;
    phone.address = media_address("192.0.2.1", 4000);
    pbx.address = media_address("192.0.2.2", 5000);
  }
  ~Encounter() { simulated = nullptr; }
  Encounter(const Encounter&) = delete;
  Encounter& operator=(const Encounter&) = delete;

  void begin(DtlsTerms phone_terms, DtlsTerms pbx_terms) {
    if (phone_terms.peer.empty()) phone_terms.peer = {pbx.who->fingerprint()};
    if (pbx_terms.peer.empty()) pbx_terms.peer = {phone.who->fingerprint()};
    pbx.handshake = std::make_unique<Handshake>(*pbx.who, pbx_terms, phone.address, now);
    phone.handshake = std::make_unique<Handshake>(*phone.who, phone_terms, pbx.address, now);
    send_all();
  }
  void begin() { begin({true, {}, every}, {false, {}, every}); }

  void post(Side& from) {
    std::uniform_real_distribution<double> chance(0, 1);
    for (auto& datagram : from.handshake->take_output()) {
      from.sent += datagram.bytes.size();
      for (int copies = chance(random) < loss ? 0 : chance(random) < loss ? 2 : 1; copies > 0; --copies) {
        const auto way = std::chrono::milliseconds(loss > 0 ? 5 + static_cast<int>(chance(random) * 60) : 5);
        wire.insert({now + way, {from.address, datagram.to, datagram.bytes}});
      }
    }
  }
  void send_all() {
    post(phone);
    post(pbx);
  }
  bool step() {
    base::Time next = std::min(phone.handshake->due(), pbx.handshake->due());
    if (!wire.empty()) next = std::min(next, wire.begin()->first);
    if (next == base::Time::max()) return false;
    now = std::max(now, next);
    while (!wire.empty() && wire.begin()->first <= now) {
      const Packet packet = wire.begin()->second;
      wire.erase(wire.begin());
      for (Side* side : {&phone, &pbx}) {
        if (packet.to == side->address) side->handshake->receive(packet.bytes, packet.from, now);
      }
      send_all();
    }
    for (Side* side : {&phone, &pbx}) {
      if (side->handshake->due() <= now) side->handshake->on_time(now);
    }
    send_all();
    return true;
  }
  void run(base::Duration time = 20s) {
    const base::Time end = now + time;
    while (now < end && !(phone.handshake->end() && pbx.handshake->end()) && step()) {
    }
  }
  [[nodiscard]] bool secured() const {
    const auto is = [](const Side& side) {
      return side.handshake->end() && side.handshake->end()->outcome == Outcome::secured;
    };
    return is(phone) && is(pbx) && phone.handshake->keys().send == pbx.handshake->keys().receive &&
           phone.handshake->keys().receive == pbx.handshake->keys().send &&
           phone.handshake->keys().send.bytes != phone.handshake->keys().receive.bytes;
  }

  struct Packet {
    SocketAddress from, to;
    std::vector<std::uint8_t> bytes;
  };
  base::Time now{1h};
  std::mt19937 random;
  double loss;
  std::multimap<base::Time, Packet> wire;
  Side phone, pbx;
};

Outcome outcome(const Encounter::Side& side) {
  REQUIRE(side.handshake->end());
  return side.handshake->end()->outcome;
}

}  // namespace

TEST_CASE("datagrams are told apart by their first byte (RFC 7983)", "[dtls]") {
  const auto kind = [](std::uint8_t first) { return kind_of_datagram(std::array<std::uint8_t, 1>{first}); };
  for (unsigned first = 0; first < 256; ++first) {
    const auto expected = first <= 3                     ? DatagramKind::stun
                          : first >= 16 && first <= 19   ? DatagramKind::zrtp
                          : first >= 20 && first <= 63   ? DatagramKind::dtls
                          : first >= 64 && first <= 79   ? DatagramKind::turn
                          : first >= 128 && first <= 191 ? DatagramKind::rtp
                                                         : DatagramKind::unknown;
    CHECK(kind(static_cast<std::uint8_t>(first)) == expected);
  }
  CHECK(kind_of_datagram({}) == DatagramKind::unknown);
}

TEST_CASE("two sides agree on each suite, and each has the other's keys", "[dtls]") {
  for (const auto suite : every) {
    Encounter net;
    net.begin({true, {}, {suite}}, {false, {}, every});
    net.run();
    INFO(sdp::name(suite));
    REQUIRE(net.secured());
    CHECK(net.pbx.handshake->keys().send.suite == suite);
    CHECK(net.pbx.handshake->peer() == net.phone.address);
    const auto sender = SrtpSender::make(net.phone.handshake->keys().send);
    const auto receiver = SrtpReceiver::make(net.pbx.handshake->keys().receive);
    Bytes packet = rtp({.sequence = 1, .timestamp = 160, .ssrc = 7});
    const auto size = packet.size();
    packet.resize(size + srtp_trailer);
    packet.resize(sender->protect(packet, size).value());
    CHECK(receiver->unprotect(packet).verdict == SrtpReceiver::Verdict::genuine);
  }
}

TEST_CASE("whatever a network loses, doubles and reorders, a handshake is done in its time", "[dtls]") {
  unsigned late = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Encounter net(seed, 0.2);
    const bool phone_begins = seed % 2 == 0;
    net.begin({phone_begins, {}, every}, {!phone_begins, {}, every});
    const base::Time began = net.now;
    net.run();
    INFO("seed " << seed);
    CHECK(net.secured());
    late += net.now - began > 5s ? 1 : 0;
  }
  CHECK(late <= 4);
}

TEST_CASE("who never answers is given up after ten seconds, in words", "[dtls]") {
  Encounter net(1, 1.0);
  net.begin();
  net.run();
  CHECK(outcome(net.phone) == Outcome::overdue);
  CHECK(outcome(net.pbx) == Outcome::overdue);
  CHECK(net.phone.handshake->end()->what == "nothing answered our DTLS handshake within 10 s");
  CHECK(net.pbx.handshake->end()->what == "no DTLS handshake came within 10 s");
  CHECK(net.now - base::Time(1h) >= Handshake::limit);
  CHECK(net.phone.sent < 4000);  // toward an address that SDP alone named
  CHECK(net.pbx.sent == 0);
}

TEST_CASE("all of its time again while a phone rings", "[dtls]") {
  Encounter net(1, 1.0);
  net.begin();
  net.run(9s);
  net.pbx.handshake->extend(net.now);
  net.phone.handshake->extend(net.now);
  net.run(5s);
  CHECK_FALSE(net.pbx.handshake->end());
  net.loss = 0;
  net.run();
  CHECK(net.secured());
}

TEST_CASE("a certificate that the signalling did not name ends it on both sides", "[dtls]") {
  const auto other = identity();
  for (const bool phone_is_wrong : {true, false}) {
    Encounter net;
    net.begin(
        {true, phone_is_wrong ? std::vector{other->fingerprint()} : std::vector<sdp::Fingerprint>(), every},
        {false, phone_is_wrong ? std::vector<sdp::Fingerprint>() : std::vector{other->fingerprint()}, every});
    net.run();
    auto& betrayed = phone_is_wrong ? net.phone : net.pbx;
    CHECK(outcome(betrayed) == Outcome::failed);
    CHECK(betrayed.handshake->end()->what.find("fingerprint") != std::string::npos);
    const auto& one = phone_is_wrong ? net.pbx : net.phone;
    CHECK_FALSE((one.handshake->end() && one.handshake->end()->outcome == Outcome::secured));
  }
}

TEST_CASE("each hash function of a fingerprint, and one of several", "[dtls]") {
  // openssl's digests of our own certificate are not at hand here: sha-256 beside a wrong one is enough.
  Encounter net;
  auto wrong = net.phone.who->fingerprint();
  wrong.bytes[0] ^= 1;
  auto cut = net.phone.who->fingerprint();
  cut.bytes.resize(20);
  net.begin({true, {}, every}, {false, {wrong, cut, net.phone.who->fingerprint()}, every});
  net.run();
  CHECK(net.secured());
}

TEST_CASE("nothing in common ends it", "[dtls]") {
  Encounter net;
  net.begin({true, {}, {CryptoSuite::aead_aes_128_gcm}}, {false, {}, {CryptoSuite::aead_aes_256_gcm}});
  net.run();
  CHECK(outcome(net.pbx) == Outcome::failed);
  CHECK(net.pbx.handshake->end()->what.find("srtp_suites") != std::string::npos);
}

TEST_CASE("a forged source draws less than it sends, before it has shown a cookie", "[dtls]") {
  Encounter net;
  net.begin();
  REQUIRE(net.wire.size() == 1);
  const auto hello = net.wire.begin()->second.bytes;
  net.wire.clear();
  for (std::uint16_t port = 1000; port < 1200; ++port) {
    net.pbx.handshake->receive(hello, media_address("192.0.2.1", port), net.now);
    std::size_t drawn = 0;
    for (const auto& datagram : net.pbx.handshake->take_output()) drawn += datagram.bytes.size();
    CHECK(drawn < hello.size());
  }
  while (net.now < base::Time(1h) + 8s && net.step()) {
  }
  CHECK(net.secured());  // the phone's second hello
}

TEST_CASE("a stranger on the phone's host holds nobody up", "[dtls]") {
  Encounter net;
  net.begin();
  net.wire.clear();  // the phone's first hello is lost
  Encounter::Side thief;
  thief.address = media_address("192.0.2.1", 6666);
  DtlsTerms terms{true, {net.pbx.who->fingerprint()}, every};
  SECTION("one who shakes hands with a certificate of its own") {
    thief.handshake = std::make_unique<Handshake>(*thief.who, terms, net.pbx.address, net.now);
    for (int turn = 0; turn < 8; ++turn) {
      for (const auto& datagram : thief.handshake->take_output()) {
        net.pbx.handshake->receive(datagram.bytes, thief.address, net.now);
      }
      for (const auto& datagram : net.pbx.handshake->take_output()) {
        if (datagram.to == thief.address) {
          thief.handshake->receive(datagram.bytes, net.pbx.address, net.now);
        }
      }
    }
    CHECK_FALSE((thief.handshake->end() && thief.handshake->end()->outcome == Outcome::secured));
    CHECK_FALSE(net.pbx.handshake->end());
  }
  SECTION("one who brings the cookie back and is silent then") {
    thief.handshake = std::make_unique<Handshake>(*thief.who, terms, net.pbx.address, net.now);
    for (int turn = 0; turn < 2; ++turn) {
      for (const auto& datagram : thief.handshake->take_output()) {
        net.pbx.handshake->receive(datagram.bytes, thief.address, net.now);
      }
      for (const auto& datagram : net.pbx.handshake->take_output()) {
        if (datagram.to == thief.address) {
          thief.handshake->receive(datagram.bytes, net.pbx.address, net.now);
        }
      }
    }
  }
  SECTION("one who sends alerts and rubbish") {
    for (int i = 0; i < 200; ++i) {
      std::vector<std::uint8_t> bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(i),
                                      0,  2,    2,    40};
      if (i % 2 == 1) bytes[0] = 22;
      net.pbx.handshake->receive(bytes, thief.address, net.now);
      (void)net.pbx.handshake->take_output();
    }
  }
  net.run();
  CHECK(net.secured());
}

TEST_CASE("nobody else counts once the keys are there", "[dtls]") {
  Encounter net;
  net.begin();
  net.run();
  REQUIRE(net.secured());
  const auto keys = net.pbx.handshake->keys();
  Encounter::Side thief;
  thief.address = media_address("192.0.2.1", 6666);
  thief.handshake = std::make_unique<Handshake>(
      *thief.who, DtlsTerms{true, {net.pbx.who->fingerprint()}, every}, net.pbx.address, net.now);
  for (const auto& datagram : thief.handshake->take_output()) {
    net.pbx.handshake->receive(datagram.bytes, thief.address, net.now);
    net.pbx.handshake->receive(datagram.bytes, net.phone.address, net.now);
  }
  CHECK(net.pbx.handshake->keys() == keys);
  CHECK(net.pbx.handshake->peer() == net.phone.address);
}

// -- an engine whose peers shake hands -----------------------------------------------------------------

namespace {

sdp::MediaPlan dtls_plan(const base::Endpoint& peer, const sdp::Fingerprint& theirs, bool active) {
  auto plan = plan_for(peer);
  plan.rtcp_mux = true;
  plan.dtls.emplace();
  plan.dtls->association = 1;
  plan.dtls->role = active ? sdp::DtlsPlan::Role::active : sdp::DtlsPlan::Role::passive;
  plan.dtls->peer = {theirs};
  plan.dtls->suites = every;
  return plan;
}

}  // namespace

TEST_CASE("an engine's two ports secure each other, and say nothing in plain before", "[dtls]") {
  Room room;
  std::vector<std::string> told;
  PortEvents events;
  events.on_handshake = [&](const HandshakeEnd& end) {
    told.push_back(end.outcome == Outcome::secured ? "secured" : end.what);
  };
  auto phone_events = events;
  const auto phone = room.open({}, std::move(phone_events));
  const auto pbx = room.open({}, std::move(events));
  Peer plain;
  const auto far = room.open();
  const auto link = room.engine->link(*pbx, *far);
  far->apply(plan_for(plain.local()));
  // The phone's port echoes what it hears.
  phone->echo(true);
  pbx->apply(dtls_plan(phone->local_rtp(), room.engine->fingerprint(), false));
  for (std::uint16_t number = 1; number <= 10; ++number) {
    plain.send(far->local_rtp(), rtp({.sequence = number, .timestamp = 160U * number, .ssrc = 9}));
    room.go_on(5ms);
  }
  CHECK(pbx->statistics().sent == 0);
  CHECK_FALSE(pbx->statistics().handshake_suite);
  phone->apply(dtls_plan(pbx->local_rtp(), room.engine->fingerprint(), true));
  std::uint16_t number = 11;
  CHECK(room.until([&] {
    plain.send(far->local_rtp(), rtp({.sequence = number, .timestamp = 160U * number, .ssrc = 9}));
    ++number;
    std::this_thread::sleep_for(10ms);
    return told.size() == 2 && pbx->statistics().received >= 5;
  }));
  CHECK(pbx->statistics().received >= 5);
  CHECK(phone->statistics().received >= 5);
  CHECK(pbx->statistics().forged == 0);
  CHECK(pbx->statistics().handshake_suite == every.front());
  CHECK(told == std::vector<std::string>{"secured", "secured"});
}
