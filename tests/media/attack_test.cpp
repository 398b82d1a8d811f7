// A stranger at the port, before, during and after the call. docs/media.md has the rule.
#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;

namespace {

/// The victim announces 127.0.0.2 and signals from 127.0.0.3; its partner listens and talks.
struct Scene : Room {
  Scene() {
    PortSettings settings;
    settings.signalling_peer = asio::ip::make_address("127.0.0.3");
    victim_port = open(settings);
    partner_port = open();
    victim_port->apply(plan_for(announced.local()));
    partner_port->apply(plan_for(partner.local()));
    link = engine->link(*victim_port, *partner_port);
    go_on();
  }
  /// Where the partner's next packet goes.
  const Peer* listener() {
    partner.talk(partner_port->local_rtp());
    go_on();
    for (const Peer* peer : {&announced, &behind_nat, &stranger}) {
      if (peer->hear(1ms)) {
        return peer;
      }
    }
    return nullptr;
  }
  [[nodiscard]] base::Endpoint target() const { return victim_port->local_rtp(); }

  Peer announced{"127.0.0.2"};
  Peer behind_nat{"127.0.0.3"};
  Peer stranger{"127.0.0.4"};
  Peer partner;
  std::unique_ptr<Port> victim_port, partner_port;
  std::unique_ptr<Link> link;
};

}  // namespace

TEST_CASE("a stranger who comes first feeds nothing and steals nothing", "[attack]") {
  Scene scene;
  scene.stranger.talk(scene.target(), 50);
  CHECK(scene.partner.hears_nothing());
  CHECK(scene.listener() == &scene.announced);
  CHECK(scene.victim_port->statistics().strangers == 50);
  CHECK(scene.victim_port->statistics().received == 0);
  CHECK_FALSE(scene.victim_port->statistics().heard);
  CHECK(scene.engine->totals().strangers == 50);
  scene.announced.talk(scene.target());
  CHECK(scene.partner.hear());
}

TEST_CASE("a stranger during the call, who knows SSRC and sequence, feeds nothing and steals nothing",
          "[attack]") {
  Scene scene;
  scene.announced.talk(scene.target(), 3);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scene.partner.hear());
  }
  scene.stranger.ssrc = scene.announced.ssrc;
  scene.stranger.sequence = scene.announced.sequence;
  scene.stranger.timestamp = scene.announced.timestamp;
  scene.stranger.talk(scene.target(), 50);
  CHECK(scene.partner.hears_nothing());
  CHECK(scene.listener() == &scene.announced);
  scene.announced.talk(scene.target());
  CHECK(scene.partner.hear());
  CHECK(scene.victim_port->statistics().lost == 0);
}

TEST_CASE("a stranger after the peer fell silent feeds nothing and steals nothing", "[attack]") {
  Scene scene;
  scene.behind_nat.talk(scene.target(), 5);
  REQUIRE(scene.partner.hear());
  scene.go_on(2100ms);
  scene.stranger.talk(scene.target(), 50);
  CHECK(scene.partner.hears_nothing());
  CHECK(scene.listener() == &scene.behind_nat);
  // The peer's NAT gave it another port meanwhile: that one may prove itself.
  Peer rebound("127.0.0.3");
  rebound.talk(scene.target(), 4);
  CHECK(scene.partner.hears_nothing());
  rebound.talk(scene.target());
  CHECK(scene.partner.hear());
  CHECK(scene.victim_port->statistics().latched == rebound.local());
}

TEST_CASE("the signalling peer's host earns the stream with five packets", "[attack]") {
  Scene scene;
  scene.behind_nat.talk(scene.target(), 4);
  CHECK(scene.partner.hears_nothing());
  CHECK(scene.listener() == &scene.announced);
  CHECK(scene.victim_port->statistics().strangers == 4);
  scene.behind_nat.talk(scene.target());
  CHECK(scene.partner.hear());
  CHECK(scene.listener() == &scene.behind_nat);
  SECTION("a neighbour behind the same NAT is refused from then on") {
    Peer neighbour("127.0.0.3");
    neighbour.talk(scene.target(), 50);
    CHECK(scene.partner.hears_nothing());
    CHECK(scene.listener() == &scene.behind_nat);
  }
  SECTION("the announced address takes over for good") {
    scene.announced.talk(scene.target());
    CHECK(scene.partner.hear());
    CHECK(scene.listener() == &scene.announced);
    scene.behind_nat.talk(scene.target(), 20);
    CHECK(scene.partner.hears_nothing());
  }
  SECTION("the same plan again keeps it, another address starts anew") {
    scene.victim_port->apply(plan_for(scene.announced.local()));
    scene.go_on();
    CHECK(scene.listener() == &scene.behind_nat);
    const Peer moved("127.0.0.2");
    scene.victim_port->apply(plan_for(moved.local()));
    scene.go_on();
    CHECK(scene.listener() == nullptr);
    CHECK(moved.hear());
    scene.behind_nat.talk(scene.target(), 4);
    CHECK(scene.partner.hears_nothing());
  }
}

TEST_CASE("guesses at SSRC and sequence from an allowed host prove nothing", "[attack]") {
  Scene scene;
  for (std::uint16_t i = 0; i < 100; ++i) {
    scene.behind_nat.sequence = static_cast<std::uint16_t>(i * 12345U);
    scene.behind_nat.talk(scene.target());
  }
  for (std::uint32_t i = 0; i < 100; ++i) {
    scene.behind_nat.ssrc = i;
    scene.behind_nat.talk(scene.target());
  }
  for (int i = 0; i < 100; ++i) {
    scene.behind_nat.talk(scene.target(), std::uint8_t{77});
  }  // no agreed type
  CHECK(scene.partner.hears_nothing());
  CHECK(scene.listener() == &scene.announced);
  CHECK(scene.victim_port->statistics().strangers == 300);
}

TEST_CASE("garbage from a stranger is the stranger's, not the peer's", "[attack]") {
  Scene scene;
  scene.announced.talk(scene.target());
  REQUIRE(scene.partner.hear());
  scene.stranger.send(scene.target(), Bytes(100, 0));
  CHECK(scene.until([&] { return scene.victim_port->statistics().strangers == 1; }));
  CHECK(scene.victim_port->statistics().malformed == 0);
}
