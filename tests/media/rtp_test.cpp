#include "media/rtp/packet.hpp"
#include "media/rtp/payload_map.hpp"
#include "peer.hpp"

using namespace switchroom;
using namespace switchroom::media;
using test::Bytes;

TEST_CASE("an RTP packet is read and written", "[rtp]") {
  const RtpPacket fields{
      .payload_type = 101, .marker = true, .sequence = 65535, .timestamp = 0xFFFFFFF0, .ssrc = 7};
  const auto packet = parse_rtp(test::rtp(fields, {1, 2, 3}));
  REQUIRE(packet);
  CHECK(packet->payload_type == 101);
  CHECK(packet->marker);
  CHECK(packet->sequence == 65535);
  CHECK(packet->timestamp == 0xFFFFFFF0);
  CHECK(packet->ssrc == 7);
  CHECK(packet->payload_offset == 12);
  CHECK(packet->payload_size == 3);
}

TEST_CASE("CSRCs, an extension and padding are found", "[rtp]") {
  Bytes bytes = test::rtp({.payload_type = 0}, {});
  bytes[0] = 0x80 | 0x20 | 0x10 | 2;
  bytes.insert(bytes.end(), 8, 0xC5);                         // two CSRCs
  bytes.insert(bytes.end(), {0xBE, 0xDE, 0, 1, 9, 9, 9, 9});  // an extension of one word
  bytes.insert(bytes.end(), {1, 2, 3, 4, 5});
  bytes.insert(bytes.end(), {0, 0, 3});  // padding
  const auto packet = parse_rtp(bytes);
  REQUIRE(packet);
  CHECK(packet->payload_offset == 28);
  CHECK(packet->payload_size == 5);

  SECTION("every cut of it is refused or stays within its bytes") {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = parse_rtp(std::span(bytes).first(size));
      if (cut) {
        CHECK(cut->payload_offset + cut->payload_size <= size);
      }
    }
  }
}

TEST_CASE("what is no RTP packet is refused", "[rtp]") {
  const Bytes good = test::rtp({.payload_type = 0}, {1, 2, 3, 4});
  CHECK_FALSE(parse_rtp({}));
  CHECK_FALSE(parse_rtp(std::span(good).first(11)));
  Bytes bad = good;
  bad[0] = 0x40;  // version 1
  CHECK_FALSE(parse_rtp(bad));
  bad[0] = 0x8F;  // 15 CSRCs that are not there
  CHECK_FALSE(parse_rtp(bad));
  bad[0] = 0x90;  // an extension of 0x0304 words
  CHECK_FALSE(parse_rtp(bad));
  bad[0] = 0xA0;
  bad.back() = 0;  // padding of nothing
  CHECK_FALSE(parse_rtp(bad));
  bad.back() = 5;  // more padding than payload
  CHECK_FALSE(parse_rtp(bad));
  bad.back() = 4;  // nothing but padding is a keepalive
  REQUIRE(parse_rtp(bad));
  CHECK(parse_rtp(bad)->payload_size == 0);
}

TEST_CASE("RTP and RTCP on one port are told apart", "[rtp]") {
  CHECK(is_rtcp(Bytes{0x80, 200}));
  CHECK(is_rtcp(Bytes{0x80, 223}));
  CHECK_FALSE(is_rtcp(Bytes{0x80, 0}));
  CHECK_FALSE(is_rtcp(Bytes{0x80, 0x80 | 101}));
  CHECK_FALSE(is_rtcp(Bytes{0x80}));
}

namespace {

sdp::MediaPlan plan(std::vector<sdp::AgreedCodec> codecs) {
  sdp::MediaPlan plan;
  plan.codecs = std::move(codecs);
  return plan;
}

}  // namespace

TEST_CASE("payload types are mapped where both legs agreed on the codec", "[rtp]") {
  sdp::MediaPlan a = plan({{sdp::CodecId::opus, 96, 111, ""}, {sdp::CodecId::pcma, 8, 8, ""}});
  sdp::MediaPlan b = plan(
      {{sdp::CodecId::pcma, 8, 8, ""}, {sdp::CodecId::opus, 107, 107, ""}, {sdp::CodecId::pcmu, 0, 0, ""}});
  a.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 101, 101, ""};
  a.telephone_event_48k = sdp::AgreedCodec{sdp::CodecId::pcmu, 110, 110, ""};
  b.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 97, 98, ""};

  const PayloadMap there = payload_map(payload_kinds(a), b);
  CHECK(there[111] == 107);
  CHECK(there[96] == 107);  // a peer that uses its own number for opus
  CHECK(there[8] == 8);
  CHECK(there[101] == 97);
  CHECK(there[110] == no_payload_type);  // no events at 48 kHz over there
  CHECK(there[0] == no_payload_type);

  const PayloadMap back = payload_map(payload_kinds(b), a);
  CHECK(back[107] == 96);
  CHECK(back[98] == 101);
  CHECK(back[0] == no_payload_type);  // PCMU was not agreed on by a

  const PayloadKinds kinds = payload_kinds(a);
  CHECK(kinds[111].clock_rate == 48000);
  CHECK(kinds[110].clock_rate == 48000);
  CHECK(kinds[110].event);
  CHECK(kinds[101].clock_rate == 8000);
  CHECK_FALSE(kinds[13].agreed());
}

TEST_CASE("payload types beyond 127 reach no table", "[rtp]") {
  const sdp::MediaPlan wild = plan({{sdp::CodecId::pcmu, 200, 255, ""}});
  for (const PayloadKind& kind : payload_kinds(wild)) {
    CHECK_FALSE(kind.agreed());
  }
  const sdp::MediaPlan tame = plan({{sdp::CodecId::pcmu, 0, 0, ""}});
  CHECK(payload_map(payload_kinds(tame), wild)[0] == no_payload_type);
}
