#include "media/rtp/sender.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::media;
using namespace std::chrono_literals;

namespace {

/// Feeds a sender on a clock of its own.
struct Feed {
  Sender sender{0xABCD, 65530, 5000};
  base::Time now{1h};

  std::optional<RtpPacket> pass(std::uint16_t sequence, std::uint32_t timestamp, std::uint64_t source = 1,
                                std::uint32_t ssrc = 77) {
    RtpPacket packet{.payload_type = 0, .sequence = sequence, .timestamp = timestamp, .ssrc = ssrc};
    if (!sender.rewrite(packet, source, 8000, now)) {
      return std::nullopt;
    }
    return packet;
  }
};

}  // namespace

TEST_CASE("one SSRC, and distances stay as they came", "[sender]") {
  Feed feed;
  const auto first = feed.pass(10, 1600);
  CHECK(first->ssrc == 0xABCD);
  CHECK(first->sequence == 65530);
  CHECK(first->timestamp == 5000);
  CHECK(first->marker);
  const auto third = feed.pass(12, 1920);  // 11 was lost
  CHECK(third->sequence == 65532);
  CHECK(third->timestamp == 5320);
  CHECK_FALSE(third->marker);
  CHECK(feed.pass(11, 1760)->sequence == 65531);  // and comes late
  CHECK(feed.pass(12, 1920)->sequence == 65532);  // a duplicate stays one
  CHECK(feed.pass(17, 2720)->sequence == 1);      // over the end of 16 bits
}

TEST_CASE("a new source goes on where the last one stopped", "[sender]") {
  Feed feed;
  feed.pass(10, 1600);
  feed.pass(11, 1760);
  feed.now += 100ms;
  SECTION("another SSRC") {
    const auto next = feed.pass(40000, 0xFFFFFF00, 1, 78);
    CHECK(next->sequence == 65532);
    CHECK(next->timestamp == 5160 + 800);
    CHECK(next->marker);
    CHECK(feed.pass(40001, 0xFFFFFFA0, 1, 78)->timestamp == 5160 + 960);
  }
  SECTION("another partner with the same SSRC") {
    const auto next = feed.pass(12, 1920, 2);
    CHECK(next->sequence == 65532);
    CHECK(next->timestamp == 5960);
    CHECK(next->marker);
  }
  SECTION("the same partner linked anew") {
    feed.sender.interrupt();
    const auto next = feed.pass(500, 90000);
    CHECK(next->sequence == 65532);
    CHECK(next->timestamp == 5960);
    CHECK(next->marker);
  }
  SECTION("a sequence that begins anew") {
    const auto next = feed.pass(30000, 1920);
    CHECK(next->sequence == 65532);
    CHECK(next->marker);
    CHECK(feed.pass(30001, 2080)->sequence == 65533);
  }
}

TEST_CASE("a straggler from before the change of source is not sent under a used number", "[sender]") {
  Feed feed;
  feed.pass(10, 1600);
  feed.pass(11, 1760);
  CHECK(feed.pass(501, 9160, 2)->sequence == 65532);
  CHECK_FALSE(feed.pass(500, 9000, 2));
  CHECK(feed.pass(503, 9480, 2)->sequence == 65534);
  CHECK(feed.pass(502, 9320, 2)->sequence == 65533);  // after the change: sent, late as it is
  CHECK_FALSE(feed.pass(499, 8840, 2));
}

TEST_CASE("two sources at the same instant never share a timestamp", "[sender]") {
  Feed feed;
  const auto last = feed.pass(10, 1600);
  const auto next = feed.pass(10, 1600, 2);
  CHECK(next->timestamp > last->timestamp);
}

TEST_CASE("sender reports name the timestamp of their moment", "[sender]") {
  Feed feed;
  feed.pass(10, 1600);
  feed.sender.on_sent(160);
  feed.sender.on_sent(160);
  CHECK(feed.sender.packets() == 2);
  CHECK(feed.sender.octets() == 320);
  CHECK(feed.sender.timestamp_at(feed.now + 1s) == 5000 + 8000);
}
