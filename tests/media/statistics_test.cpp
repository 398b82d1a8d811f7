#include "media/rtp/receiver_statistics.hpp"
#include "media/rtp/rtcp.hpp"
#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using namespace std::chrono_literals;
using test::Bytes;

namespace {

struct Arrivals {
  ReceiverStatistics statistics;
  base::Time now{1h};
  void one(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t ssrc = 5) {
    statistics.on_packet({.sequence = sequence, .timestamp = timestamp, .ssrc = ssrc}, 8000, now);
  }
  void steady(std::uint16_t first, int count) {
    for (int i = 0; i < count; ++i, now += 20ms) {
      one(static_cast<std::uint16_t>(first + i), static_cast<std::uint32_t>(160 * i));
    }
  }
};

}  // namespace

TEST_CASE("steady packets show no loss and no jitter, over the end of 16 bits", "[statistics]") {
  Arrivals a;
  a.steady(65500, 100);
  CHECK(a.statistics.lost() == 0);
  CHECK(a.statistics.jitter_sixteenths() == 0);
  const auto interval = a.statistics.take_interval();
  CHECK(interval.highest_sequence == 0x10000 + 63);
  CHECK(interval.fraction_lost == 0);
}

TEST_CASE("loss is counted, a late packet takes it back, duplicates never make it negative", "[statistics]") {
  Arrivals a;
  a.one(1, 0);
  a.one(5, 640);
  CHECK(a.statistics.lost() == 3);
  CHECK(a.statistics.take_interval().fraction_lost == 3 * 256 / 5);
  a.one(3, 320);
  CHECK(a.statistics.lost() == 2);
  for (int i = 0; i < 9; ++i) {
    a.one(5, 640);
  }
  CHECK(a.statistics.lost() == 0);
  CHECK(a.statistics.take_interval().cumulative_lost == -7);
}

TEST_CASE("jitter follows RFC 3550 A.8", "[statistics]") {
  Arrivals a;
  a.one(1, 0);
  a.now += 30ms;  // 10 ms late: 80 units
  a.one(2, 160);
  CHECK(a.statistics.jitter_sixteenths() == 80);
  a.now += 20ms;
  a.one(3, 320);
  CHECK(a.statistics.jitter_sixteenths() == 80 - (80 + 8) / 16);
  a.now += 20ms;
  a.one(4, 320 + 800000);  // the peer's clock jumped
  CHECK(a.statistics.jitter_sixteenths() < 80);
}

TEST_CASE("a new source keeps the loss of the old one", "[statistics]") {
  Arrivals a;
  a.one(1, 0);
  a.one(4, 480);
  a.one(30000, 0, 6);
  a.one(30002, 320, 6);
  CHECK(a.statistics.lost() == 3);
  CHECK(a.statistics.ssrc() == 6);
}

TEST_CASE("what came while nobody listened is not lost", "[statistics]") {
  Arrivals a;
  a.one(1, 0);
  a.one(3, 320);
  a.statistics.interrupt();
  a.steady(500, 10);
  CHECK(a.statistics.lost() == 1);
}

TEST_CASE("one packet far off is nonsense, two are a peer that began anew", "[statistics]") {
  Arrivals a;
  a.steady(1, 10);
  a.one(40000, 0);
  CHECK(a.statistics.lost() == 0);
  a.one(11, 1600);
  CHECK(a.statistics.lost() == 0);
  a.one(40000, 0);
  a.one(40001, 160);
  CHECK(a.statistics.lost() == 0);
  CHECK(a.statistics.take_interval().highest_sequence == 40001);
}

TEST_CASE("a report of ours is read back", "[rtcp]") {
  RtcpReport report{.ssrc = 0x0A0B0C0D, .cname = "abcdefghijklmnopqrst"};
  report.sent = SentReport{0x1122334455667788, 1000, 2, 320};
  report.received = ReceivedReport{
      .ssrc = 0x99, .interval = {128, -2, 70000, 12}, .last_report = 0x55, .delay_since_last = 0x66};
  std::array<std::uint8_t, max_rtcp_report> out{};
  SECTION("sender report") {
    const std::size_t size = write_rtcp(out, report);
    CHECK(size % 4 == 0);
    const auto read = parse_rtcp(std::span(out).first(size), 0x99);
    REQUIRE(read);
    CHECK(read->ssrc == 0x0A0B0C0D);
    CHECK(read->sender_report == 0x33445566U);
    REQUIRE(read->about_us);
    CHECK(read->about_us->fraction_lost == 128);
    CHECK(read->about_us->last_report == 0x55);
    CHECK(read->about_us->delay_since_last == 0x66);
    CHECK_FALSE(read->goodbye);
    CHECK(std::string(out.begin(), out.end()).find("abcdefghijklmnopqrst") != std::string::npos);
  }
  SECTION("receiver report with goodbye") {
    report.sent.reset();
    report.goodbye = true;
    const auto read = parse_rtcp(std::span(out).first(write_rtcp(out, report)), 0x98);
    REQUIRE(read);
    CHECK_FALSE(read->sender_report);
    CHECK_FALSE(read->about_us);
    CHECK(read->goodbye);
  }
  SECTION("every length of name fits and ends on a word") {
    const std::string name(100, 'x');
    report.goodbye = true;
    for (std::size_t length = 0; length <= name.size(); ++length) {
      report.cname = std::string_view(name).substr(0, length);
      const std::size_t size = write_rtcp(out, report);
      REQUIRE(size <= out.size());
      CHECK(parse_rtcp(std::span(out).first(size), 1));
    }
  }
}

TEST_CASE("RTCP that is cut, empty or lies about its length is refused", "[rtcp]") {
  const Bytes report{0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 64, 0, 0, 0,
                     0,    0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0};
  REQUIRE(parse_rtcp(report, 1));
  CHECK(parse_rtcp(report, 1)->about_us->fraction_lost == 64);
  for (std::size_t size = 0; size < report.size(); ++size) {
    CHECK_FALSE(parse_rtcp(std::span(report).first(size), 1));
  }
  Bytes bad = report;
  bad[0] = 0x41;
  CHECK_FALSE(parse_rtcp(bad, 1));
  bad = report;
  bad[0] = 0x9F;  // 31 blocks, of which one is there
  REQUIRE(parse_rtcp(bad, 1));
  bad = report;
  bad[1] = 0;
  CHECK_FALSE(parse_rtcp(bad, 1));
  CHECK(parse_rtcp(Bytes{0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1}, 1));  // reduced size: feedback alone
}

TEST_CASE("the round trip is A - LSR - DLSR, and nonsense is none", "[rtcp]") {
  // RFC 3550 figure 2: A b710:8000, LSR b705:2000, DLSR 0005:4000, 6.125 s.
  CHECK(round_trip_ms({0, 0xb7052000, 0x00054000}, 0xb7108000) == Approx(6125));
  CHECK_FALSE(round_trip_ms({0, 0, 0x00054000}, 0xb7108000));
  CHECK_FALSE(round_trip_ms({0, 0xb7052000, 0x10000000}, 0xb7108000));
  CHECK(round_trip_ms({0, 0xb7108000, 10}, 0xb7108000) == 0.0);
  CHECK(ntp_time(1500ms) == 0x180000000U);
}
