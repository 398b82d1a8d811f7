// RTCP ends at the port: reports are read and written, never relayed.
#include "media/rtp/rtcp.hpp"

#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;

namespace {

/// A peer with RTP and RTCP sockets, and its port.
struct Talker : Room {
  explicit Talker(bool mux = false) {
    PortSettings settings;
    settings.signalling_peer = asio::ip::make_address("127.0.0.3");
    port = open(settings);
    plan = plan_for(sound.local());
    plan.remote_rtcp = reports.local();
    plan.rtcp_mux = mux;
    port->apply(plan);
    port->echo(true);
    go_on();
  }
  [[nodiscard]] base::Endpoint rtcp() const { return {port->local_rtp().address, port->local_rtcp_port()}; }
  /// A receiver report about `ssrc`, from the peer's SSRC.
  [[nodiscard]] Bytes report(std::uint32_t ssrc, std::uint32_t last_report = 0) const {
    Bytes bytes{0x81, 201, 0, 7};
    bytes.resize(32);
    store32(&bytes[4], sound.ssrc);
    store32(&bytes[8], ssrc);
    bytes[12] = 128;  // half of it was lost
    store32(&bytes[24], last_report);
    return bytes;
  }
  /// Says something and learns the SSRC that the port sends under.
  std::uint32_t learn_ssrc() {
    sound.talk(port->local_rtp());
    return sound.hear().value().packet.ssrc;
  }

  Peer sound{"127.0.0.2"};
  Peer reports{"127.0.0.2"};
  std::unique_ptr<Port> port;
  sdp::MediaPlan plan;
};

}  // namespace

TEST_CASE("a sender report arrives, and its answer gives round trip and loss", "[rtcp][slow]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  const auto heard = talker.reports.hear(5000ms);  // the first comes after half an interval
  REQUIRE(heard);
  CHECK(heard->source == talker.rtcp());
  CHECK(heard->bytes[1] == 200);
  const auto summary = parse_rtcp(heard->bytes, talker.sound.ssrc);
  REQUIRE(summary);
  CHECK(summary->ssrc == ssrc);
  CHECK(summary->about_us);
  REQUIRE(summary->sender_report);
  std::this_thread::sleep_for(20ms);
  talker.reports.send(talker.rtcp(), talker.report(ssrc, *summary->sender_report));
  CHECK(talker.until([&] { return talker.port->statistics().round_trip_ms > 0; }));
  CHECK(talker.port->statistics().round_trip_ms >= 19);
  CHECK(talker.port->statistics().round_trip_ms < 2000);
  CHECK(talker.port->statistics().remote_lost_fraction == 0.5);
  CHECK(talker.sound.hears_nothing());  // never relayed or echoed
}

TEST_CASE("the port says goodbye to whom it heard", "[rtcp]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  talker.port.reset();
  talker.go_on();
  const auto heard = talker.reports.hear();
  REQUIRE(heard);
  const auto summary = parse_rtcp(heard->bytes, 0);
  REQUIRE(summary);
  CHECK(summary->goodbye);
  CHECK(summary->ssrc == ssrc);
}

TEST_CASE("who sends nothing gets no reports and no goodbye", "[rtcp][slow]") {
  Talker talker;
  CHECK_FALSE(talker.reports.hear(3500ms));
  talker.port.reset();
  talker.go_on();
  CHECK_FALSE(talker.reports.hear(100ms));
}

TEST_CASE("reports on the RTP port are understood with rtcp-mux", "[rtcp]") {
  Talker talker(true);
  const std::uint32_t ssrc = talker.learn_ssrc();
  talker.sound.send(talker.port->local_rtp(), talker.report(ssrc));
  CHECK(talker.until([&] { return talker.port->statistics().remote_lost_fraction == 0.5; }));
  CHECK(talker.port->statistics().malformed == 0);
  talker.port.reset();
  talker.go_on();
  const auto heard = talker.sound.hear();
  REQUIRE(heard);
  CHECK(is_rtcp(heard->bytes));
}

TEST_CASE("reports on the RTP port are malformed without rtcp-mux", "[rtcp]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  talker.sound.send(talker.port->local_rtp(), talker.report(ssrc));
  CHECK(talker.until([&] { return talker.port->statistics().malformed == 1; }));
  CHECK(talker.port->statistics().remote_lost_fraction == 0);
}

TEST_CASE("strangers' reports are not believed", "[rtcp][attack]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  Peer stranger("127.0.0.4");
  for (int i = 0; i < 20; ++i) {
    stranger.send(talker.rtcp(), talker.report(ssrc));
  }
  CHECK(talker.until([&] { return talker.port->statistics().strangers == 20; }));
  CHECK(talker.port->statistics().remote_lost_fraction == 0);
  talker.port.reset();
  talker.go_on();
  CHECK(stranger.hears_nothing());
  CHECK(talker.reports.hear());
}

TEST_CASE("behind NAT a report that names the accepted stream's SSRC is believed at once, others are not",
          "[rtcp][attack]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  Peer behind_nat("127.0.0.3");
  Bytes wrong = talker.report(ssrc);
  store32(&wrong[4], 0xBAD);
  behind_nat.send(talker.rtcp(), wrong);
  CHECK(talker.until([&] { return talker.port->statistics().strangers == 1; }));
  behind_nat.send(talker.rtcp(), talker.report(ssrc));
  CHECK(talker.until([&] { return talker.port->statistics().remote_lost_fraction == 0.5; }));
}

TEST_CASE("malformed reports are counted and harm nothing", "[rtcp]") {
  Talker talker;
  const std::uint32_t ssrc = talker.learn_ssrc();
  talker.reports.send(talker.rtcp(), talker.report(ssrc));
  CHECK(talker.until([&] { return talker.port->statistics().remote_lost_fraction == 0.5; }));
  talker.reports.send(talker.rtcp(), {});
  talker.reports.send(talker.rtcp(), {0x80, 200, 0xFF, 0xFF, 0, 0, 0, 0});
  talker.reports.send(talker.rtcp(), Bytes(3000, 0x80));
  CHECK(talker.until([&] { return talker.port->statistics().malformed == 3; }));
  talker.reports.send(talker.rtcp(), {0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1});  // reduced size: fine
  talker.sound.talk(talker.port->local_rtp());
  CHECK(talker.sound.hear());
  CHECK(talker.port->statistics().malformed == 3);
}

TEST_CASE("on hold, reports show that the peer is still there", "[rtcp]") {
  Room room;
  Peer sound;
  Peer reports;
  int told = 0;
  PortSettings settings;
  settings.hold_timeout = 400ms;
  PortEvents events;
  events.on_timeout = [&](base::Duration) { ++told; };
  const auto port = room.open(settings, std::move(events));
  auto plan = plan_for(sound.local(), sdp::Direction::sendonly);
  plan.remote_rtcp = reports.local();
  port->apply(plan);
  const Bytes empty{0x80, 201, 0, 1, 0, 0, 0, 9};
  for (int i = 0; i < 8; ++i) {
    reports.send({port->local_rtp().address, port->local_rtcp_port()}, empty);
    room.go_on(100ms);
  }
  CHECK(told == 0);
  CHECK(room.until([&] { return told == 1; }));
}
