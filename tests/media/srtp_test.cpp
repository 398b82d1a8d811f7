// SRTP: the library as we use it, and an engine between an encrypted peer and a plain one.
#include "media/rtp/rtcp.hpp"
#include "media/srtp/context.hpp"
#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;
using sdp::CryptoSuite;
using Verdict = SrtpReceiver::Verdict;

namespace {

Bytes sealed(SrtpSender& sender, Bytes packet) {
  const auto size = packet.size();
  packet.resize(size + srtp_trailer);
  const auto protected_size = sender.protect(packet, size);
  REQUIRE(protected_size);
  packet.resize(*protected_size);
  return packet;
}

Bytes numbered(std::uint32_t number, std::uint32_t ssrc = 7) {
  return rtp({.sequence = static_cast<std::uint16_t>(number), .timestamp = number * 160, .ssrc = ssrc});
}

Verdict opened(SrtpReceiver& receiver, Bytes packet) { return receiver.unprotect(packet).verdict; }

/// A peer that speaks SRTP to a port, and a plain one behind another port.
struct SecureBridge : Room {
  SecureBridge() {
    auto plan = plan_for(a.local());
    plan.srtp = sdp::SrtpPlan{ours, theirs};
    PortEvents events;
    events.on_forged = [this] { ++told; };
    a_port = open({}, std::move(events));
    a_port->apply(plan);
    b_port->apply(plan_for(b.local()));
    link = engine->link(*a_port, *b_port);
    go_on();
  }
  void say(const Bytes& packet) const { a.send(a_port->local_rtp(), packet); }
  Bytes next() { return sealed(*sender, numbered(++number)); }

  sdp::SrtpKey ours = sdp::random_key(CryptoSuite::aes_cm_128_hmac_sha1_80);
  sdp::SrtpKey theirs = sdp::random_key(CryptoSuite::aes_cm_128_hmac_sha1_80);
  std::unique_ptr<SrtpSender> sender = SrtpSender::make(theirs);
  std::unique_ptr<SrtpReceiver> receiver = SrtpReceiver::make(ours);
  std::uint32_t number = 500;
  int told = 0;
  Peer a, b;
  std::unique_ptr<Port> a_port;
  std::unique_ptr<Port> b_port = open();
  std::unique_ptr<Link> link;
};

}  // namespace

TEST_CASE("every suite: what is sealed is opened once, and only whole and by its key", "[srtp]") {
  for (std::size_t i = 0; i < sdp::crypto_suite_count; ++i) {
    const auto suite = static_cast<CryptoSuite>(i);
    INFO(sdp::name(suite));
    const auto key = sdp::random_key(suite);
    const auto sender = SrtpSender::make(key);
    const auto receiver = SrtpReceiver::make(key);
    const auto stranger = SrtpReceiver::make(sdp::random_key(suite));
    REQUIRE((sender && receiver && stranger));
    const Bytes plain = numbered(1);
    const Bytes packet = sealed(*sender, plain);
    CHECK(packet.size() > plain.size());
    CHECK(packet.size() <= plain.size() + srtp_trailer);
    CHECK_FALSE(std::equal(plain.begin() + 12, plain.end(), packet.begin() + 12));
    CHECK(opened(*stranger, packet) == Verdict::forged);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{5}, std::size_t{12}, std::size_t{20}, packet.size() - 1}) {
      CHECK(opened(*receiver, Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size))) ==
            Verdict::forged);
    }
    for (const std::size_t at : {std::size_t{2}, std::size_t{5}, std::size_t{30}, packet.size() - 1}) {
      Bytes changed = packet;
      changed[at] ^= 1U;
      CHECK(opened(*receiver, changed) == Verdict::forged);
    }
    Bytes whole = packet;
    const auto result = receiver->unprotect(whole);
    REQUIRE(result.verdict == Verdict::genuine);
    whole.resize(result.size);
    CHECK(whole == plain);
    CHECK(opened(*receiver, packet) == Verdict::replayed);
    CHECK_FALSE(sender->protect(whole, whole.size()));  // no room for the trailer
  }
}

TEST_CASE("a number is not sealed twice", "[srtp]") {
  const auto sender = SrtpSender::make(sdp::random_key(CryptoSuite::aes_cm_128_hmac_sha1_80));
  (void)sealed(*sender, numbered(9));
  Bytes again = numbered(9);
  again.resize(again.size() + srtp_trailer);
  CHECK_FALSE(sender->protect(again, again.size() - srtp_trailer));
}

TEST_CASE("200,000 packets: the rollover counter keeps step, with loss and reordering", "[srtp]") {
  const auto key = sdp::random_key(CryptoSuite::aead_aes_128_gcm);
  const auto sender = SrtpSender::make(key);
  const auto receiver = SrtpReceiver::make(key);
  Bytes held;
  bool well = true;
  for (std::uint32_t i = 65'000; i < 265'000; ++i) {
    Bytes packet = sealed(*sender, numbered(i));
    if (i % 97 == 0) {
      continue;  // lost
    }
    if (i % 89 == 0) {
      held = std::move(packet);
      continue;
    }
    well = well && opened(*receiver, std::move(packet)) == Verdict::genuine;
    if (!held.empty() && i % 89 == 20) {
      well = well && opened(*receiver, std::exchange(held, {})) == Verdict::genuine;
    }
  }
  CHECK(well);
}

TEST_CASE("a window against late replays; other SSRCs have their own, as many as an honest peer needs",
          "[srtp]") {
  const auto key = sdp::random_key(CryptoSuite::aes_cm_128_hmac_sha1_80);
  const auto sender = SrtpSender::make(key);
  const auto receiver = SrtpReceiver::make(key);
  const Bytes old = sealed(*sender, numbered(1));
  for (std::uint32_t i = 2; i < 400; ++i) {
    REQUIRE(opened(*receiver, sealed(*sender, numbered(i))) == Verdict::genuine);
  }
  CHECK(opened(*receiver, old) == Verdict::replayed);
  for (std::uint32_t ssrc = 100; ssrc < 100 + SrtpReceiver::most_ssrcs - 1; ++ssrc) {
    REQUIRE(opened(*receiver, sealed(*sender, numbered(1, ssrc))) == Verdict::genuine);
  }
  CHECK(opened(*receiver, sealed(*sender, numbered(1, 9999))) == Verdict::forged);
  CHECK(opened(*receiver, sealed(*sender, numbered(2, 100))) == Verdict::genuine);
}

TEST_CASE("a key that its packets name", "[srtp]") {
  auto key = sdp::random_key(CryptoSuite::aes_cm_128_hmac_sha1_80);
  key.mki = 0x0102;
  key.mki_size = 4;
  const auto receiver = SrtpReceiver::make(key);
  auto plain_key = key;
  plain_key.mki_size = 0;
  const auto sender = SrtpSender::make(plain_key);
  const Bytes unnamed = sealed(*sender, numbered(1));
  Bytes named = unnamed;  // the MKI stands in front of the tag, which does not cover it
  const Bytes mki{0, 0, 1, 2};
  named.insert(named.end() - 10, mki.begin(), mki.end());
  CHECK(opened(*receiver, unnamed) == Verdict::forged);
  CHECK(opened(*receiver, named) == Verdict::genuine);
}

TEST_CASE("an encrypted peer and a plain one hear each other", "[srtp][relay]") {
  SecureBridge bridge;
  bridge.say(bridge.next());
  const auto plain = bridge.b.hear();
  REQUIRE(plain);
  CHECK(plain->bytes.size() == 172);
  CHECK(plain->bytes[100] == 0xD5);
  bridge.b.talk(bridge.b_port->local_rtp(), 3);
  for (int i = 0; i < 3; ++i) {
    auto secure = bridge.a.hear();
    REQUIRE(secure);
    CHECK(secure->bytes.size() == 182);
    CHECK(secure->bytes[100] != 0xD5);
    const auto result = bridge.receiver->unprotect(secure->bytes);
    REQUIRE(result.verdict == Verdict::genuine);
    CHECK(result.size == 172);
    CHECK(secure->bytes[100] == 0xD5);
  }
}

TEST_CASE("plain, forged, cut and repeated packets are counted and heard by nobody", "[srtp][relay]") {
  SecureBridge bridge;
  const Bytes genuine = bridge.next();
  bridge.say(genuine);
  REQUIRE(bridge.b.hear());
  bridge.say(numbered(601));  // plain
  Bytes forged = bridge.next();
  forged[40] ^= 0x10U;
  bridge.say(forged);
  Bytes cut = bridge.next();
  cut.resize(100);
  bridge.say(cut);
  bridge.say({0x80});
  bridge.say(genuine);
  const Peer elsewhere("127.0.0.2");
  elsewhere.send(bridge.a_port->local_rtp(), genuine);
  CHECK(bridge.b.hears_nothing());
  CHECK(bridge.until([&] {
    const auto s = bridge.a_port->statistics();
    return s.forged == 4 && s.replayed == 1 && s.strangers == 1 && s.received == 1;
  }));
  CHECK(bridge.told == 0);
  for (int i = 0; i < 60; ++i) {
    bridge.say(numbered(700));
  }
  CHECK(bridge.until([&] { return bridge.a_port->statistics().forged == 64; }));
  CHECK(bridge.until([&] { return bridge.told == 1; }));
  bridge.say(bridge.next());  // and the peer is heard as before
  CHECK(bridge.b.hear());
  CHECK(bridge.told == 1);
}

TEST_CASE("the same plan again goes on; another key begins anew; without one the stream is plain",
          "[srtp][relay]") {
  SecureBridge bridge;
  bridge.say(bridge.next());
  REQUIRE(bridge.b.hear());
  const Bytes before = bridge.next();
  auto plan = plan_for(bridge.a.local());
  plan.srtp = sdp::SrtpPlan{bridge.ours, bridge.theirs};
  bridge.say(before);
  REQUIRE(bridge.b.hear());
  bridge.a_port->apply(plan);
  bridge.say(before);  // known to the window, which the second plan left alone
  CHECK(bridge.b.hears_nothing());
  const auto theirs = sdp::random_key(CryptoSuite::aead_aes_256_gcm);
  const auto ours = sdp::random_key(CryptoSuite::aead_aes_256_gcm);
  plan.srtp = sdp::SrtpPlan{ours, theirs};
  bridge.a_port->apply(plan);
  bridge.say(bridge.next());  // under the old key
  CHECK(bridge.b.hears_nothing());
  bridge.sender = SrtpSender::make(theirs);
  bridge.say(bridge.next());
  CHECK(bridge.b.hear());
  bridge.receiver = SrtpReceiver::make(ours);
  bridge.b.talk(bridge.b_port->local_rtp());
  auto secure = bridge.a.hear();
  REQUIRE(secure);
  CHECK(bridge.receiver->unprotect(secure->bytes).verdict == Verdict::genuine);
  plan.srtp.reset();
  bridge.a_port->apply(plan);
  bridge.a.talk(bridge.a_port->local_rtp());
  CHECK(bridge.b.hear());
}

TEST_CASE("sound of our own making is encrypted too, and so are reports", "[srtp]") {
  SecureBridge bridge;
  bridge.a_port->press('5', 100ms);
  bridge.go_on();
  auto key_press = bridge.a.hear();
  REQUIRE(key_press);
  CHECK(bridge.receiver->unprotect(key_press->bytes).verdict == Verdict::genuine);
  bridge.a_port.reset();  // RTCP BYE is the last thing said, to the port above
}
