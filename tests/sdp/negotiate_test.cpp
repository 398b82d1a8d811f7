// Offer and answer: which stream, which codecs, which addresses, which numbers.
#include "sdp/negotiate.hpp"

#include "phones.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace switchroom;
using sdp::CodecId;
using sdp::Direction;
using sdp::NegotiationError;

namespace {

sdp::LocalStream here() {
  sdp::LocalStream local;
  local.rtp = {asio::ip::make_address("203.0.113.1"), 16384};
  local.rtcp_port = 16385;
  local.codecs = {CodecId::opus, CodecId::g722, CodecId::pcmu, CodecId::pcma};
  return local;
}

sdp::LocalStream speaking(std::vector<CodecId> codecs) {
  auto local = here();
  local.codecs = std::move(codecs);
  return local;
}

sdp::SessionDescription read(std::string_view text) {
  const auto parsed = sdp::parse(text);
  INFO(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

std::string offer_text(const std::string& media, const std::string& session = "") {
  return "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + session + media;
}

sdp::Answered answer(std::string_view text, const sdp::LocalStream& local = here()) {
  sdp::LocalState state;
  const auto answered = sdp::answer_offer(read(text), local, state);
  INFO(text);
  REQUIRE(answered.has_value());
  return *answered;
}

NegotiationError refusal(std::string_view text, const sdp::LocalStream& local = here()) {
  sdp::LocalState state;
  const auto answered = sdp::answer_offer(read(text), local, state);
  REQUIRE_FALSE(answered.has_value());
  return answered.error();
}

std::vector<CodecId> codecs(const sdp::MediaPlan& plan) {
  std::vector<CodecId> ids;
  for (const auto& codec : plan.codecs) ids.push_back(codec.codec);
  return ids;
}

std::vector<int> numbers(const sdp::MediaDescription& media) {
  std::vector<int> all;
  for (const auto& format : media.formats) all.push_back(format.payload_type);
  return all;
}

using Codecs = std::vector<CodecId>;
using Numbers = std::vector<int>;

}  // namespace

TEST_CASE("baresip's offer") {
  const auto got = answer(phones::baresip);
  CHECK(codecs(got.plan) == Codecs{CodecId::opus, CodecId::g722, CodecId::pcmu, CodecId::pcma});
  CHECK(got.plan.codecs[0].send_payload_type == 96);
  CHECK(got.plan.codecs[0].receive_payload_type == 96);
  CHECK(got.plan.codecs[0].peer_fmtp == "stereo=1;sprop-stereo=1");
  REQUIRE(got.plan.telephone_event_8k);
  CHECK(got.plan.telephone_event_8k->send_payload_type == 101);
  CHECK_FALSE(got.plan.telephone_event_48k);
  CHECK(base::text(got.plan.remote_rtp) == "192.0.2.20:27012");
  CHECK(base::text(got.plan.remote_rtcp) == "192.0.2.20:27013");
  CHECK(got.plan.ptime == 20);
  CHECK(got.plan.direction == Direction::sendrecv);
  CHECK_FALSE(got.plan.on_hold());
  REQUIRE(got.answer.media.size() == 1);
  CHECK(numbers(got.answer.media[0]) == Numbers{96, 9, 0, 8, 101});
  CHECK(got.answer.media[0].port == 16384);
  CHECK(got.answer.connection == "203.0.113.1");
  CHECK(got.answer.media[0].formats[0] == sdp::Format{96, "opus", 48000, 2, "useinbandfec=1"});
  CHECK(got.answer.media[0].formats[4] == sdp::Format{101, "telephone-event", 8000, 1, "0-15"});
}

TEST_CASE("linphone's offer has key presses at three clocks") {
  const auto got = answer(phones::linphone);
  CHECK(codecs(got.plan) == Codecs{CodecId::opus, CodecId::pcmu, CodecId::pcma});
  REQUIRE(got.plan.telephone_event_8k);
  REQUIRE(got.plan.telephone_event_48k);
  CHECK(got.plan.telephone_event_8k->send_payload_type == 100);
  CHECK(got.plan.telephone_event_48k->send_payload_type == 101);
  CHECK(numbers(got.answer.media[0]) == Numbers{96, 0, 8, 100, 101});
}

TEST_CASE("comfort noise is taken where it is offered beside G.711, and never offered") {
  const auto got = answer(offer_text("m=audio 4000 RTP/AVP 0 13\r\n"));
  REQUIRE(got.plan.comfort_noise);
  CHECK(got.plan.comfort_noise->send_payload_type == 13);
  CHECK(sdp::print(got.answer).find("a=rtpmap:13 CN/8000") != std::string::npos);
  CHECK_FALSE(answer(offer_text("m=audio 4000 RTP/AVP 9 13\r\n")).plan.comfort_noise);
  sdp::LocalState state;
  CHECK(sdp::print(sdp::make_offer(here(), state)).find("CN/8000") == std::string::npos);
}

TEST_CASE("a browser's plain part: AVPF, mux and a video that is refused") {
  const auto got = answer(phones::browser);
  CHECK(codecs(got.plan) == Codecs{CodecId::opus, CodecId::g722, CodecId::pcmu, CodecId::pcma});
  CHECK(got.plan.telephone_event_48k->send_payload_type == 110);
  CHECK(got.plan.telephone_event_8k->send_payload_type == 126);
  CHECK(got.plan.rtcp_mux);
  CHECK(got.plan.remote_rtcp.port == 9);
  REQUIRE(got.answer.media.size() == 2);
  CHECK(got.answer.media[0].protocol == "RTP/AVPF");
  CHECK(got.answer.media[0].rtcp_mux);
  CHECK(got.answer.media[1].kind == "video");
  CHECK(got.answer.media[1].port == 0);
  CHECK(got.answer.media[1].raw_formats == std::vector<std::string>{"96", "97"});
  CHECK(sdp::print(got.answer).find("a=rtcp-mux") != std::string::npos);
}

TEST_CASE("desk phones' and sipp's offers") {
  CHECK(codecs(answer(phones::cisco).plan) == Codecs{CodecId::pcmu, CodecId::pcma});
  CHECK(base::text(answer(phones::cisco).plan.remote_rtp) == "192.0.2.23:21018");
  CHECK(codecs(answer(phones::yealink).plan) == Codecs{CodecId::g722, CodecId::pcmu, CodecId::pcma});
  CHECK(answer(phones::yealink).plan.telephone_event_8k->send_payload_type == 101);
  CHECK(answer(phones::polycom).plan.telephone_event_8k->send_payload_type == 127);
  const auto sipp = answer(phones::sipp);
  CHECK(codecs(sipp.plan) == Codecs{CodecId::pcmu});
  CHECK_FALSE(sipp.plan.telephone_event_8k);
  CHECK(numbers(sipp.answer.media[0]) == Numbers{0});
}

TEST_CASE("codecs come in the offerer's order, filtered by ours") {
  auto local = here();
  local.codecs = {CodecId::pcma, CodecId::pcmu};
  CHECK(codecs(answer(phones::baresip, local).plan) == Codecs{CodecId::pcmu, CodecId::pcma});
  CHECK(sdp::common_codecs(read(phones::baresip), speaking({CodecId::pcma, CodecId::g722})) ==
        Codecs{CodecId::g722, CodecId::pcma});
  CHECK(sdp::common_codecs(read(phones::baresip), speaking({})).empty());
  CHECK(sdp::common_codecs(read(offer_text("m=audio 9 RTP/SAVP 0\r\n")), speaking({CodecId::pcmu})).empty());
}

TEST_CASE("static types need no rtpmap, and a dynamic number may name a static codec") {
  CHECK(codecs(answer(offer_text("m=audio 9 RTP/AVP 9 8 0\r\n")).plan) ==
        Codecs{CodecId::g722, CodecId::pcma, CodecId::pcmu});
  const auto got = answer(offer_text("m=audio 9 RTP/AVP 96 0\r\na=rtpmap:96 pcmu/8000\r\n"));
  CHECK(codecs(got.plan) == Codecs{CodecId::pcmu});
  CHECK(got.plan.codecs[0].send_payload_type == 96);
}

TEST_CASE("a codec at another clock or with other channels is another codec") {
  const auto* map = GENERATE("opus/48000", "opus/48000/1", "opus/8000/2", "G722/16000", "PCMU/16000",
                             "PCMU/8000/2", "opusx/48000/2");
  CHECK(refusal(offer_text(std::string("m=audio 9 RTP/AVP 96\r\na=rtpmap:96 ") + map + "\r\n")) ==
        NegotiationError::no_common_codec);
}

TEST_CASE("key presses alone are no stream, and are left out when not wanted") {
  const std::string events = "a=rtpmap:101 telephone-event/8000\r\n";
  CHECK(refusal(offer_text("m=audio 9 RTP/AVP 101\r\n" + events)) == NegotiationError::no_common_codec);
  auto local = here();
  local.telephone_event = false;
  const auto got = answer(offer_text("m=audio 9 RTP/AVP 0 101\r\n" + events), local);
  CHECK_FALSE(got.plan.telephone_event_8k);
  CHECK(numbers(got.answer.media[0]) == Numbers{0});
}

TEST_CASE("key presses at 48 kHz go with opus alone") {
  const auto got =
      answer(offer_text("m=audio 9 RTP/AVP 0 101 102\r\na=rtpmap:101 telephone-event/48000\r\n"
                        "a=rtpmap:102 telephone-event/8000\r\n"));
  CHECK_FALSE(got.plan.telephone_event_48k);
  CHECK(numbers(got.answer.media[0]) == Numbers{0, 102});
}

TEST_CASE("the first audio stream that fits is taken, the others keep their places with port 0") {
  const auto got =
      answer(offer_text("m=video 5000 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\nm=audio 5002 RTP/SAVP "
                        "0\r\nm=audio 5004 RTP/AVP 18\r\n"
                        "m=audio 5006 RTP/AVP 8\r\nm=audio 5008 RTP/AVP 0\r\nm=image 5010 udptl t38\r\n"));
  CHECK(got.plan.remote_rtp.port == 5006);
  REQUIRE(got.answer.media.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(got.answer.media[i].port == (i == 4 ? 16384 : 0));
  }
  CHECK(got.answer.media[2].protocol == "RTP/SAVP");
  CHECK(got.answer.media[6].raw_formats == std::vector<std::string>{"t38"});
}

TEST_CASE("offers that cannot be answered say why") {
  CHECK(refusal(offer_text("")) == NegotiationError::no_audio);
  CHECK(refusal(offer_text("m=video 9 RTP/AVP 31\r\n")) == NegotiationError::no_audio);
  CHECK(refusal(offer_text("m=audio 0 RTP/AVP 0\r\n")) == NegotiationError::no_audio);
  CHECK(refusal(offer_text("m=audio 9 udp 0\r\n")) == NegotiationError::no_audio);
  CHECK(refusal(offer_text("m=audio 9 RTP/AVP 18 4\r\n")) == NegotiationError::no_common_codec);
  const auto* protocol = GENERATE("RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF");
  CHECK(refusal(offer_text(std::string("m=audio 9 ") + protocol + " 0\r\n")) ==
        NegotiationError::encrypted_only);
  CHECK(refusal(offer_text(std::string("m=audio 9 ") + protocol + " 0\r\nm=audio 11 RTP/AVP 18\r\n")) ==
        NegotiationError::no_common_codec);
  auto silent = here();
  silent.codecs.clear();
  CHECK(refusal(phones::baresip, silent) == NegotiationError::no_common_codec);
}

TEST_CASE("addresses that are no addresses of one host are refused, names are never resolved") {
  const auto* host = GENERATE("phone.example", "localhost", "224.0.0.1", "255.255.255.255", "192.0.2.300",
                              "ff02::1", "fe80::1%lo", "192.0.2.1%lo", "1", "0x7f.1");
  INFO(host);
  CHECK(refusal(offer_text(std::string("m=audio 9 RTP/AVP 0\r\nc=IN IP4 ") + host + "\r\n")) ==
        NegotiationError::bad_address);
}

TEST_CASE("no c= line at all is a bad address") {
  CHECK(refusal("v=0\r\no=- 1 1 IN IP4 x\r\nm=audio 9 RTP/AVP 0\r\n") == NegotiationError::bad_address);
}

TEST_CASE("IPv6 in c=, and an address of the other family") {
  auto local = here();
  local.rtp.address = asio::ip::make_address("2001:db8::1");
  const auto text = offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP6 2001:db8::2\r\n");
  const auto got = answer(text, local);
  CHECK(base::text(got.plan.remote_rtp) == "[2001:db8::2]:9");
  CHECK(sdp::print(got.answer).find("c=IN IP6 2001:db8::1\r\n") != std::string::npos);
  CHECK(refusal(text) == NegotiationError::bad_address);
  const auto mapped = answer(offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP6 ::ffff:192.0.2.7\r\n"));
  CHECK(base::text(mapped.plan.remote_rtp) == "192.0.2.7:9");
}

TEST_CASE("c= of the stream goes before the session's") {
  CHECK(base::text(answer(offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.77\r\n")).plan.remote_rtp) ==
        "192.0.2.77:9");
  CHECK(base::text(answer(offer_text("m=audio 9 RTP/AVP 0\r\n")).plan.remote_rtp) == "192.0.2.1:9");
}

TEST_CASE("the port of RTCP") {
  CHECK(answer(offer_text("m=audio 5000 RTP/AVP 0\r\n")).plan.remote_rtcp.port == 5001);
  CHECK(answer(offer_text("m=audio 5000 RTP/AVP 0\r\na=rtcp:6000\r\n")).plan.remote_rtcp.port == 6000);
  CHECK(answer(offer_text("m=audio 65535 RTP/AVP 0\r\n")).plan.remote_rtcp.port == 0);
  auto local = here();
  CHECK_FALSE(answer(phones::sipp, local).answer.media[0].rtcp_port);
  local.rtcp_port = 20000;
  CHECK(answer(phones::sipp, local).answer.media[0].rtcp_port == 20000);
}

TEST_CASE("directions are mirrored and narrowed") {
  struct Row {
    const char* offered;
    Direction local;
    Direction ours;
    bool on_hold;
  };
  const auto row = GENERATE(Row{"sendrecv", Direction::sendrecv, Direction::sendrecv, false},
                            Row{"sendonly", Direction::sendrecv, Direction::recvonly, true},
                            Row{"recvonly", Direction::sendrecv, Direction::sendonly, false},
                            Row{"inactive", Direction::sendrecv, Direction::inactive, true},
                            Row{"sendrecv", Direction::sendonly, Direction::sendonly, false},
                            Row{"sendrecv", Direction::recvonly, Direction::recvonly, true},
                            Row{"sendonly", Direction::sendonly, Direction::inactive, true},
                            Row{"recvonly", Direction::inactive, Direction::inactive, true});
  auto local = here();
  local.direction = row.local;
  const auto at_media =
      answer(offer_text(std::string("m=audio 9 RTP/AVP 0\r\na=") + row.offered + "\r\n"), local);
  CHECK(at_media.plan.direction == row.ours);
  CHECK(at_media.answer.media[0].direction == row.ours);
  CHECK(at_media.plan.on_hold() == row.on_hold);
  const auto at_session =
      answer(offer_text("m=audio 9 RTP/AVP 0\r\n", std::string("a=") + row.offered + "\r\n"), local);
  CHECK(at_session.plan.direction == row.ours);
}

TEST_CASE("c=0.0.0.0 is the old hold: we send nothing") {
  const auto held = answer(offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"));
  CHECK(held.plan.direction == Direction::recvonly);
  CHECK(held.answer.media[0].direction == Direction::recvonly);
  CHECK(held.plan.on_hold());
  CHECK(held.plan.remote_rtp.port == 0);
  CHECK(held.plan.remote_rtcp.port == 0);
  CHECK(answer(offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n")).plan.direction ==
        Direction::inactive);
  CHECK(answer(offer_text("m=audio 9 RTP/AVP 0\r\nc=IN IP6 ::\r\n")).plan.direction == Direction::recvonly);
}

TEST_CASE("the packet time that the peer wants") {
  const std::string media = "m=audio 9 RTP/AVP 0\r\n";
  CHECK(answer(offer_text(media)).plan.ptime == 20);
  CHECK(answer(offer_text(media + "a=ptime:30\r\n")).plan.ptime == 30);
  CHECK(answer(offer_text(media + "a=ptime:60\r\na=maxptime:40\r\n")).plan.ptime == 40);
  CHECK(answer(offer_text(media + "a=maxptime:10\r\n")).plan.ptime == 10);
  CHECK(answer(offer_text(media + "a=ptime:1\r\n")).plan.ptime == 10);
  CHECK(answer(offer_text(media + "a=ptime:999\r\n")).plan.ptime == 120);
  CHECK(answer(offer_text(media + "a=ptime:25\r\n")).plan.ptime == 20);
}

TEST_CASE("our offer") {
  sdp::LocalState state;
  const auto offer = sdp::make_offer(here(), state);
  REQUIRE(offer.media.size() == 1);
  CHECK(numbers(offer.media[0]) == Numbers{111, 9, 0, 8, 101, 110});
  CHECK(offer.session_id == state.session_id);
  CHECK(offer.session_id != 0);
  CHECK(offer.session_id < 0x80000000U);
  CHECK(offer.version == 1);
  CHECK_FALSE(offer.media[0].rtcp_mux);
  CHECK(sdp::print(offer).find("m=audio 16384 RTP/AVP 111 9 0 8 101 110\r\n") != std::string::npos);
  auto narrow = here();
  narrow.codecs = {CodecId::pcma};
  sdp::LocalState other;
  CHECK(numbers(sdp::make_offer(narrow, other).media[0]) == Numbers{8, 101});
  narrow.telephone_event = false;
  CHECK(numbers(sdp::make_offer(narrow, other).media[0]) == Numbers{8});
}

TEST_CASE("the version counts up only when something changed") {
  sdp::LocalState state;
  auto local = here();
  const auto first = sdp::make_offer(local, state);
  CHECK(sdp::make_offer(local, state).version == first.version);
  local.direction = Direction::sendonly;
  const auto held = sdp::make_offer(local, state);
  CHECK(held.version == first.version + 1);
  CHECK(held.session_id == first.session_id);
  const auto got = sdp::answer_offer(read(phones::baresip), local, state);
  REQUIRE(got.has_value());
  CHECK(got->answer.version == held.version + 1);
  CHECK(got->answer.session_id == first.session_id);
  CHECK(sdp::answer_offer(read(phones::baresip), local, state)->answer.version == held.version + 1);
}

TEST_CASE("a re-offer keeps the payload types and the places of the first answer") {
  sdp::LocalState state;
  REQUIRE(
      sdp::answer_offer(read(offer_text("m=video 7000 RTP/AVP 99\r\nm=audio 9 RTP/AVP 111 110 0\r\n"
                                        "a=rtpmap:111 telephone-event/8000\r\na=rtpmap:110 opus/48000/2\r\n"
                                        "m=image 7002 udptl t38\r\n")),
                        here(), state)
          .has_value());
  const auto offer = sdp::make_offer(here(), state);
  REQUIRE(offer.media.size() == 3);
  CHECK(offer.media[0].kind == "video");
  CHECK(offer.media[0].port == 0);
  CHECK(offer.media[0].raw_formats == std::vector<std::string>{"99"});
  CHECK(offer.media[2].kind == "image");
  CHECK(offer.media[2].protocol == "udptl");
  const auto& audio = offer.media[1];
  CHECK(audio.port == 16384);
  REQUIRE(audio.formats.size() == 6);
  CHECK(audio.formats[0].payload_type == 110);  // opus, as the peer numbered it
  CHECK(audio.formats[4].payload_type == 111);  // key presses at 8 kHz
  CHECK(audio.formats[5].encoding == "telephone-event");
  CHECK(audio.formats[5].payload_type == 96);  // ours of 110 had to give way
}

TEST_CASE("a number that the peer uses for something else is not offered for ours") {
  sdp::LocalState state;
  // 0 is PCMA here, 111 an unknown codec, 101 key presses at 16 kHz.
  REQUIRE(sdp::answer_offer(
              read(offer_text("m=audio 9 RTP/AVP 0 111 101\r\na=rtpmap:0 PCMA/8000\r\n"
                              "a=rtpmap:111 speex/16000\r\na=rtpmap:101 telephone-event/16000\r\n")),
              here(), state)
              .has_value());
  auto all = numbers(sdp::make_offer(here(), state).media[0]);
  CHECK(state.payload_types[static_cast<std::size_t>(CodecId::pcma)] == 0);
  CHECK(state.payload_types[static_cast<std::size_t>(CodecId::pcmu)] != 0);
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(std::count(all.begin(), all.end(), 111) == 0);
  CHECK(std::count(all.begin(), all.end(), 101) == 0);
}

TEST_CASE("an offer that uses every dynamic number still leaves ours distinct") {
  std::string media = "m=audio 9 RTP/AVP 0";
  for (int i = 96; i < 128; ++i) media += " " + std::to_string(i);
  for (int i = 35; i < 60; ++i) media += " " + std::to_string(i);
  sdp::LocalState state;
  REQUIRE(sdp::answer_offer(read(offer_text(media + "\r\n")), here(), state).has_value());
  auto all = numbers(sdp::make_offer(here(), state).media[0]);
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(all.back() < 64);
}

TEST_CASE("a refused offer leaves the state as it was") {
  sdp::LocalState state;
  (void)sdp::make_offer(here(), state);
  const auto before = state.last_body;
  REQUIRE_FALSE(
      sdp::answer_offer(read(offer_text("m=video 1 RTP/AVP 31\r\nm=audio 2 RTP/AVP 18\r\n")), here(), state)
          .has_value());
  CHECK(state.last_body == before);
  CHECK(state.refused_media.empty());
  CHECK(state.version == 1);
}

namespace {

base::result<sdp::MediaPlan, NegotiationError> accept(const std::string& media) {
  sdp::LocalState state;
  return sdp::accept_answer(sdp::make_offer(here(), state), read(offer_text(media)));
}

}  // namespace

TEST_CASE("an answer to our offer") {
  const auto plan =
      accept("m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:30\r\n");
  REQUIRE(plan.has_value());
  CHECK(codecs(*plan) == Codecs{CodecId::pcma, CodecId::pcmu});
  CHECK(plan->telephone_event_8k->send_payload_type == 101);
  CHECK(base::text(plan->remote_rtp) == "192.0.2.1:4000");
  CHECK(plan->ptime == 30);
}

TEST_CASE("an answer may number its codecs in its own way") {
  const auto plan = accept(
      "m=audio 4000 RTP/AVP 120 121\r\na=rtpmap:120 opus/48000/2\r\na=fmtp:120 stereo=1\r\n"
      "a=rtpmap:121 telephone-event/48000\r\n");
  REQUIRE(plan.has_value());
  CHECK(plan->codecs[0].send_payload_type == 120);
  CHECK(plan->codecs[0].receive_payload_type == 111);
  CHECK(plan->codecs[0].peer_fmtp == "stereo=1");
  CHECK(plan->telephone_event_48k->send_payload_type == 121);
  CHECK(plan->telephone_event_48k->receive_payload_type == 110);
}

TEST_CASE("an answer without rtpmap lines means what we offered") {
  const auto plan = accept("m=audio 4000 RTP/AVP 111 101\r\n");
  REQUIRE(plan.has_value());
  CHECK(codecs(*plan) == Codecs{CodecId::opus});
  CHECK(plan->telephone_event_8k->receive_payload_type == 101);
}

TEST_CASE("answers that refuse") {
  CHECK(accept("").error() == NegotiationError::no_audio);
  CHECK(accept("m=audio 0 RTP/AVP 0\r\n").error() == NegotiationError::no_audio);
  CHECK(accept("m=video 4000 RTP/AVP 0\r\n").error() == NegotiationError::no_audio);
  CHECK(accept("m=audio 4000 RTP/SAVP 0\r\n").error() == NegotiationError::encrypted_only);
  CHECK(accept("m=audio 4000 udp 0\r\n").error() == NegotiationError::no_audio);
  CHECK(accept("m=audio 4000 RTP/AVP 18\r\n").error() == NegotiationError::no_common_codec);
  CHECK(accept("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 a.example\r\n").error() == NegotiationError::bad_address);
}

TEST_CASE("a codec that we did not offer is not taken from an answer") {
  auto local = here();
  local.codecs = {CodecId::pcma};
  sdp::LocalState state;
  const auto plan =
      sdp::accept_answer(sdp::make_offer(local, state), read(offer_text("m=audio 9 RTP/AVP 0 8\r\n")));
  REQUIRE(plan.has_value());
  CHECK(codecs(*plan) == Codecs{CodecId::pcma});
}

TEST_CASE("an answer's direction is narrowed by our offer, and its old hold is seen") {
  auto local = here();
  local.direction = Direction::sendonly;
  sdp::LocalState state;
  const auto offer = sdp::make_offer(local, state);
  CHECK(sdp::accept_answer(offer, read(offer_text("m=audio 9 RTP/AVP 0\r\n")))->direction ==
        Direction::sendonly);
  CHECK(sdp::accept_answer(offer, read(offer_text("m=audio 9 RTP/AVP 0\r\na=recvonly\r\n")))->direction ==
        Direction::sendonly);
  CHECK(sdp::accept_answer(offer, read(offer_text("m=audio 9 RTP/AVP 0\r\na=inactive\r\n")))->direction ==
        Direction::inactive);
  CHECK(accept("m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n")->direction == Direction::recvonly);
}

TEST_CASE("any answer to any of our offers is one that we accept, with the plans mirrored") {
  std::mt19937 random(7);
  const auto pick = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  for (int round = 0; round < 2000; ++round) {
    const auto stream = [&](const char* host) {
      sdp::LocalStream local;
      local.rtp = {asio::ip::make_address(host), static_cast<std::uint16_t>(1024 + 2 * pick(30000))};
      local.rtcp_port = static_cast<std::uint16_t>(local.rtp.port + (pick(4) == 0 ? 7 : 1));
      Codecs all{CodecId::pcmu, CodecId::pcma, CodecId::g722, CodecId::opus};
      std::shuffle(all.begin(), all.end(), random);
      all.resize(1 + pick(4));
      local.codecs = all;
      local.telephone_event = pick(3) != 0;
      local.direction = static_cast<Direction>(pick(4));
      local.ptime = 10 * (1 + pick(6));
      return local;
    };
    const auto caller = stream("192.0.2.1");
    const auto callee = stream("192.0.2.2");
    sdp::LocalState caller_state;
    sdp::LocalState callee_state;
    const auto offer = sdp::make_offer(caller, caller_state);
    const auto answered = sdp::answer_offer(read(sdp::print(offer)), callee, callee_state);
    const bool common = !sdp::common_codecs(offer, callee).empty();
    REQUIRE(answered.has_value() == common);
    if (!common) continue;
    const auto plan = sdp::accept_answer(offer, read(sdp::print(answered->answer)));
    REQUIRE(plan.has_value());
    const auto& theirs = answered->plan;
    CHECK(plan->direction == sdp::mirrored(theirs.direction));
    CHECK(plan->remote_rtp == callee.rtp);
    CHECK(theirs.remote_rtp == caller.rtp);
    CHECK(plan->remote_rtcp.port == callee.rtcp_port);
    CHECK(plan->ptime == callee.ptime);
    CHECK(theirs.ptime == caller.ptime);
    REQUIRE(codecs(*plan) == codecs(theirs));
    for (std::size_t i = 0; i < plan->codecs.size(); ++i) {
      CHECK(plan->codecs[i].send_payload_type == theirs.codecs[i].receive_payload_type);
      CHECK(plan->codecs[i].receive_payload_type == theirs.codecs[i].send_payload_type);
    }
    CHECK(plan->telephone_event_8k.has_value() == theirs.telephone_event_8k.has_value());
    CHECK(plan->telephone_event_48k.has_value() == theirs.telephone_event_48k.has_value());
  }
}

TEST_CASE("codecs have names, and every failure its words") {
  for (const auto codec : {CodecId::pcmu, CodecId::pcma, CodecId::g722, CodecId::opus}) {
    CHECK(sdp::codec_named(sdp::name(codec)) == codec);
  }
  CHECK(sdp::codec_named("OPUS") == CodecId::opus);
  CHECK(sdp::codec_named("g729") == std::nullopt);
  CHECK(sdp::codec_named("") == std::nullopt);
  for (int i = 0; i <= static_cast<int>(NegotiationError::bad_address); ++i) {
    CHECK(sdp::describe(static_cast<NegotiationError>(i)).size() > 10);
  }
}
