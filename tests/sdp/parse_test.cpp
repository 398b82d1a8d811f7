// The reader and the writer: what is taken, what is refused, what survives a round trip.
#include "sdp/session_description.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace switchroom;
using sdp::Direction;
using sdp::SdpError;

namespace {

const std::string head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

SdpError error_of(std::string_view text) {
  const auto parsed = sdp::parse(text);
  REQUIRE_FALSE(parsed.has_value());
  return parsed.error();
}

sdp::SessionDescription good(std::string_view text) {
  const auto parsed = sdp::parse(text);
  INFO(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

}  // namespace

TEST_CASE("a telephone's description becomes values") {
  const auto description = good(
      "v=0\r\no=alice 2890844526 2890842807 IN IP4 host.example\r\ns=A call\r\ni=x\r\nc=IN IP4 192.0.2.9\r\n"
      "b=AS:64\r\nt=0 0\r\na=tool:phone 1.0\r\n"
      "m=audio 49170 RTP/AVP 0 8 97 101\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1; stereo=0\r\n"
      "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\na=maxptime:60\r\n"
      "a=rtcp:49200 IN IP4 192.0.2.10\r\na=rtcp-mux\r\na=sendonly\r\na=ssrc:1 cname:x\r\n"
      "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1/127\r\n");
  CHECK(description.origin_user == "alice");
  CHECK(description.session_id == 2890844526U);
  CHECK(description.version == 2890842807U);
  CHECK(description.origin_host == "host.example");
  CHECK(description.name == "A call");
  CHECK(description.connection == "192.0.2.9");
  CHECK(description.attributes == std::vector<sdp::Attribute>{{"tool", "phone 1.0"}});
  REQUIRE(description.media.size() == 2);
  const auto& audio = description.media[0];
  CHECK(audio.kind == "audio");
  CHECK(audio.port == 49170);
  CHECK(audio.protocol == "RTP/AVP");
  REQUIRE(audio.formats.size() == 4);
  CHECK(audio.formats[0] == sdp::Format{0, "PCMU", 8000, 1, ""});
  CHECK(audio.formats[1] == sdp::Format{8, "PCMA", 8000, 1, ""});
  CHECK(audio.formats[2] == sdp::Format{97, "opus", 48000, 2, "useinbandfec=1; stereo=0"});
  CHECK(audio.formats[3] == sdp::Format{101, "telephone-event", 8000, 1, "0-16"});
  CHECK(audio.raw_formats == std::vector<std::string>{"0", "8", "97", "101"});
  CHECK(audio.ptime == 30U);
  CHECK(audio.maxptime == 60U);
  CHECK(audio.rtcp_port == 49200);
  CHECK(audio.rtcp_mux);
  CHECK(audio.direction == Direction::sendonly);
  CHECK(audio.connection.empty());
  CHECK(audio.attributes == std::vector<sdp::Attribute>{{"ssrc", "1 cname:x"}});
  CHECK(description.media[1].port == 0);
  CHECK(description.media[1].connection == "2001:db8::1");
  CHECK(description.media[1].formats[0].encoding == "H261");
}

TEST_CASE("lines may end in LF alone, and the text in empty lines") {
  CHECK(good("v=0\no=- 1 1 IN IP4 x\ns=-\nm=audio 9 RTP/AVP 0\n\r\n\r\n").media.size() == 1);
  CHECK(good("v=0\no=- 1 1 IN IP4 x\ns=\nm=audio 9 RTP/AVP 0").media.size() == 1);
}

TEST_CASE("what phones get wrong without harm is taken") {
  CHECK(good("v=0\no=John Doe 1 2 IN IP4 x\n").origin_user == "John Doe");
  CHECK(good("v=0\no= 1 2 IN IP4 x\n").origin_user == "-");
  CHECK(good("v=0\no=- 99999999999999999999999 2 IN IP4 x\n").session_id == UINT64_MAX);
  CHECK(good("v=0\no=- 1 2 IN IP4 x\ns=\n").name == "-");
  CHECK(good(head + "m=audio 9 RTP/AVP 0 0 8 0\r\n").media[0].formats.size() == 2);
  CHECK(good(head + "m=audio 9  RTP/AVP 0 8 \r\n").media[0].formats.size() == 2);
  CHECK(good(head + "a=direction active\r\n").attributes[0].name == "direction active");
  CHECK(good(head + "m=audio 9/2 RTP/AVP 0\r\n").media[0].port == 9);
  CHECK(good(head + "m=audio 9 RTP/AVP 18\r\na=rtpmap:18 G729/8000/1 \r\n").media[0].formats[0].channels ==
        1);
}

TEST_CASE("an attribute that is malformed is one that nobody knows") {
  const auto* bad =
      GENERATE("rtpmap:97 opus", "rtpmap:97 opus/0", "rtpmap:97 opus/x/2", "rtpmap:97 opus/48000/0",
               "rtpmap:97 /48000", "rtpmap:98 opus/48000/2", "rtpmap:-97 opus/48000", "rtpmap:", "fmtp:97",
               "fmtp:x y", "ptime:0", "ptime:-20", "ptime:20000", "ptime:x", "maxptime:99999999999",
               "rtcp:70000", "rtcp:x", "rtpmap:97 opus/48000/256");
  const auto description = good(head + "m=audio 9 RTP/AVP 97\r\na=" + bad + "\r\n");
  const auto& media = description.media[0];
  INFO(bad);
  CHECK(media.attributes.size() == 1);
  CHECK(media.formats[0] == sdp::Format{97, "", 8000, 1, ""});
  CHECK_FALSE(media.ptime);
  CHECK_FALSE(media.rtcp_port);
}

TEST_CASE("the first of two attributes for one thing counts") {
  const auto media = good(head +
                          "m=audio 9 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=rtpmap:97 PCMU/8000\r\n"
                          "a=ptime:20\r\na=ptime:40\r\na=fmtp:97 a=1\r\na=fmtp:97 b=1\r\n")
                         .media[0];
  CHECK(media.formats[0].encoding == "opus");
  CHECK(media.formats[0].fmtp == "a=1");
  CHECK(media.ptime == 20U);
}

TEST_CASE("a direction of the session holds for media that say nothing") {
  const auto description = good(
      "v=0\r\no=- 1 1 IN IP4 x\r\na=recvonly\r\nm=audio 9 RTP/AVP 0\r\n"
      "m=audio 9 RTP/AVP 0\r\na=sendrecv\r\n");
  CHECK(description.direction == Direction::recvonly);
  CHECK(description.media[0].direction == Direction::recvonly);
  CHECK(description.media[1].direction == Direction::sendrecv);
}

TEST_CASE("a protocol that is not RTP keeps its formats as words") {
  const auto media =
      good(head + "m=image 4000 udptl t38\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n").media;
  CHECK(media[0].formats.empty());
  CHECK(media[0].raw_formats == std::vector<std::string>{"t38"});
  CHECK(media[1].protocol == "UDP/DTLS/SCTP");
}

TEST_CASE("what is not SDP is said to be so") {
  CHECK(error_of("") == SdpError::not_sdp);
  CHECK(error_of("\r\n\r\n") == SdpError::not_sdp);
  CHECK(error_of("v=1\r\no=- 1 1 IN IP4 x\r\n") == SdpError::not_sdp);
  CHECK(error_of("o=- 1 1 IN IP4 x\r\nv=0\r\n") == SdpError::not_sdp);
  CHECK(error_of("v=0\r\ns=-\r\n") == SdpError::not_sdp);
  CHECK(error_of("v=0\r\nm=audio 9 RTP/AVP 0\r\n") == SdpError::not_sdp);
  CHECK(error_of("GET / HTTP/1.1\r\n\r\n") == SdpError::not_sdp);
}

TEST_CASE("malformed lines are refused") {
  const auto* line = GENERATE("x=1", "a", "a=", "=", "a:b", "a=:x", "A=x", " a=x", "", "o=- 1 1 IN IP4 y",
                              "s=again", "a=x\rb=y", "v=0");
  INFO(line);
  CHECK(error_of(head + line + "\r\nm=audio 9 RTP/AVP 0\r\n") == SdpError::bad_line);
}

TEST_CASE("malformed origins are refused") {
  const auto* line = GENERATE("", "-", "- 1 1 IN IP4", "- x 1 IN IP4 h", "- 1 -1 IN IP4 h", "- 1 1 XX IP4 h",
                              "- 1 1 IN IP5 h", "- 1 1 IN IP4 h\x01");
  INFO(line);
  CHECK(error_of(std::string("v=0\r\no=") + line + "\r\n") == SdpError::bad_line);
}

TEST_CASE("malformed media lines are refused") {
  const auto* line =
      GENERATE("", "audio", "audio 9", "audio 9 RTP/AVP", "audio 65536 RTP/AVP 0", "audio -1 RTP/AVP 0",
               "audio x RTP/AVP 0", "audio 9 RTP/AVP 128", "audio 9 RTP/AVP 0 x", "audio 9 RTP/AVP -1",
               "audio 9 RTP/ 0", "audio 9 /AVP 0", "audio 9/x RTP/AVP 0", "au(dio 9 RTP/AVP 0",
               "audio 9 R//AVP 0", "audio 6000 R\x0f\x0fTP/AVP 0 12", "image 9 udptl t\x01");
  INFO(line);
  CHECK(error_of(head + "m=" + line + "\r\n") == SdpError::bad_media);
}

TEST_CASE("malformed connection lines are refused") {
  const auto* line = GENERATE("", "IN", "IN IP4", "IN IP4 ", "IN IP7 192.0.2.1", "XX IP4 192.0.2.1",
                              "IN IP4 /1", "IN IP4 a b", "IN IP4 h\xc3\xa9");
  INFO(line);
  CHECK(error_of(head + "c=" + line + "\r\n") == SdpError::bad_connection);
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0\r\nc=" + line + "\r\n") == SdpError::bad_connection);
}

TEST_CASE("a NUL anywhere is refused") {
  CHECK(error_of(head + std::string("a=x\0y\r\n", 7)) == SdpError::bad_line);
}

TEST_CASE("everything is bounded") {
  CHECK(error_of(head + "a=" + std::string(65536, 'x')) == SdpError::too_long);
  CHECK(good(head + "a=" + std::string(60000, 'x')).attributes.size() == 1);

  std::string media = head;
  for (int i = 0; i < 32; ++i) media += "m=audio 9 RTP/AVP 0\r\n";
  CHECK(good(media).media.size() == 32);
  CHECK(error_of(media + "m=audio 9 RTP/AVP 0\r\n") == SdpError::too_many);

  std::string formats = head + "m=audio 9 RTP/AVP";
  for (int i = 0; i < 64; ++i) formats += " " + std::to_string(i);
  CHECK(good(formats).media[0].formats.size() == 64);
  CHECK(error_of(formats + " 64") == SdpError::too_many);
  CHECK(error_of(head + "m=x 9 y" + std::string(200, ' ') + [] {
          std::string words;
          for (int i = 0; i < 65; ++i) words += " w";
          return words;
        }()) == SdpError::too_many);

  std::string attributes = head;
  for (int i = 0; i < 512; ++i) attributes += "a=x\r\n";
  CHECK(good(attributes).attributes.size() == 512);
  CHECK(error_of(attributes + "m=audio 9 RTP/AVP 0\r\na=y\r\n") == SdpError::too_many);
  CHECK(error_of(head + "c=IN IP4 " + std::string(256, 'h') + "\r\n") == SdpError::bad_connection);
}

TEST_CASE("the worst text of 64 KiB is read at once") {
  std::string text = head + "m=audio 9 RTP/AVP";
  for (int i = 64; i < 128; ++i) text += " " + std::to_string(i);
  text += "\r\n";
  while (text.size() < 65500) text += "a=ptime:1\r\na=fmtp:127 x\r\n";
  text.resize(65500 - 20);
  text.resize(text.rfind("\r\n"));
  const auto start = std::chrono::steady_clock::now();
  (void)sdp::parse(text);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(100));
}

TEST_CASE("printing and reading again gives the same") {
  const auto* body = GENERATE(
      "m=audio 9 RTP/AVP 0 8 97\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 x=1\r\na=ptime:20\r\na=rtcp-mux\r\n",
      "a=inactive\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\nm=video 0 RTP/AVP 31\r\nm=video 0 RTP/AVP "
      "31\r\na=sendonly\r\n",
      "m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\nc=IN IP6 ::1\r\n", "a=sendonly:\r\na=x:\r\na=y:: \r\n",
      "m=audio 9 RTP/AVP 0 96\r\na=rtpmap:0\r\na=rtpmap:96 x\r\na=rtpmap:96 "
      "x/1/255\r\na=rtcp:1\r\na=rtcp:2\r\n");
  const auto description = good(head + body);
  const auto text = sdp::print(description);
  INFO(text);
  CHECK(good(text) == description);
  CHECK(sdp::print(good(text)) == text);
}

TEST_CASE("the printed text is what telephones expect") {
  const auto description =
      good(head +
           "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1\r\n"
           "m=video 0 RTP/AVP 31\r\n");
  CHECK(sdp::print(description) ==
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 "
        "useinbandfec=1\r\n"
        "a=sendrecv\r\nm=video 0 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n");
}

TEST_CASE("a value never becomes a line") {
  sdp::SessionDescription description;
  description.origin_host = "192.0.2.1\r\nm=audio 1 RTP/AVP 0";
  description.name = "x\nc=IN IP4 198.51.100.1";
  description.attributes = {{"tool\r\na=evil", std::string("y\0\r\nm=audio 2 RTP/AVP 0", 22)}};
  const auto text = sdp::print(description);
  CHECK(text.find("\nm=") == std::string::npos);
  CHECK(text.find("\nc=") == std::string::npos);
  CHECK(text.find("\na=evil") == std::string::npos);
  CHECK(text.find('\0') == std::string::npos);
}

TEST_CASE("directions are mirrored") {
  CHECK(sdp::mirrored(Direction::sendonly) == Direction::recvonly);
  CHECK(sdp::mirrored(Direction::recvonly) == Direction::sendonly);
  CHECK(sdp::mirrored(Direction::inactive) == Direction::inactive);
  CHECK(sdp::mirrored(Direction::sendrecv) == Direction::sendrecv);
}

TEST_CASE("every error has its words") {
  for (int i = 0; i <= static_cast<int>(SdpError::too_many); ++i) {
    CHECK(sdp::describe(static_cast<SdpError>(i)).size() > 10);
  }
}
