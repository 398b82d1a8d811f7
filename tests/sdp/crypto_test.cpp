// Keys in SDP: RFC 4568's lines, and who answers what with which key.
#include "sdp/negotiate.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using sdp::CryptoSuite;
using sdp::Encryption;
using sdp::NegotiationError;

namespace {

// 30 bytes: the example of RFC 4568 section 9.1 is as long as this one.
const std::string key30 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

sdp::LocalStream here(Encryption encryption = Encryption::optional) {
  sdp::LocalStream local;
  local.rtp = {asio::ip::make_address("203.0.113.1"), 16384};
  local.rtcp_port = 16385;
  local.codecs = {sdp::CodecId::pcmu, sdp::CodecId::pcma};
  local.encryption = encryption;
  local.suites = {CryptoSuite::aes_cm_128_hmac_sha1_80, CryptoSuite::aead_aes_256_gcm,
                  CryptoSuite::aead_aes_128_gcm, CryptoSuite::aes_256_cm_hmac_sha1_80,
                  CryptoSuite::aes_cm_128_hmac_sha1_32};
  return local;
}

sdp::LocalStream in_the_open(Encryption encryption = Encryption::optional) {
  auto local = here(encryption);
  local.suites.clear();
  return local;
}

std::string line(int tag, const std::string& suite, const std::string& key = key30) {
  return "a=crypto:" + std::to_string(tag) + " " + suite + " inline:" + key + "\r\n";
}

sdp::SessionDescription offer(const std::string& protocol, const std::string& lines) {
  const auto parsed =
      sdp::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 " +
                 protocol + " 0 8\r\n" + lines);
  REQUIRE(parsed.has_value());
  return *parsed;
}

sdp::Answered answer(const sdp::SessionDescription& offered, const sdp::LocalStream& local = here()) {
  sdp::LocalState state;
  const auto answered = sdp::answer_offer(offered, local, state);
  REQUIRE(answered.has_value());
  return *answered;
}

NegotiationError refusal(const sdp::SessionDescription& offered, const sdp::LocalStream& local = here()) {
  sdp::LocalState state;
  const auto answered = sdp::answer_offer(offered, local, state);
  REQUIRE_FALSE(answered.has_value());
  CHECK(sdp::encryption_refusal(offered, local) == answered.error());
  return answered.error();
}

std::vector<std::string> crypto_of(const sdp::SessionDescription& description) {
  std::vector<std::string> lines;
  for (const auto& attribute : description.media.at(0).attributes) {
    if (attribute.name == "crypto") lines.push_back(attribute.value);
  }
  return lines;
}

std::string inline_key(CryptoSuite suite) {
  const auto text = sdp::print_crypto({1, sdp::random_key(suite)});
  return text.substr(text.find("inline:") + 7);
}

}  // namespace

TEST_CASE("a crypto line is read as RFC 4568 writes it") {
  const auto read = sdp::parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4");
  REQUIRE(read);
  CHECK(read->tag == 1);
  CHECK(read->key.suite == CryptoSuite::aes_cm_128_hmac_sha1_80);
  CHECK(read->key.bytes[0] == 'Y');
  CHECK(read->key.bytes[29] == 's');
  CHECK(read->key.mki == 1);
  CHECK(read->key.mki_size == 4);
  CHECK(sdp::parse_crypto("9 AES_CM_128_HMAC_SHA1_32 inline:" + key30 + "|1048576 WSH=64 -NEW=1"));
}

TEST_CASE("what is printed is what was read, for every suite") {
  for (std::size_t i = 0; i < sdp::crypto_suite_count; ++i) {
    const sdp::CryptoLine made{7, sdp::random_key(static_cast<CryptoSuite>(i))};
    const auto text = sdp::print_crypto(made);
    INFO(sdp::name(made.key.suite));
    CHECK(sdp::parse_crypto(text) == made);
    auto unpadded = text;
    while (unpadded.back() == '=') unpadded.pop_back();
    CHECK(sdp::parse_crypto(unpadded) == made);
    CHECK_FALSE(sdp::parse_crypto(text.substr(0, text.size() - 5)));
    CHECK_FALSE(sdp::parse_crypto(text + "A"));
  }
}

TEST_CASE("a crypto line that cannot be done is passed over, whatever stands in it") {
  const std::string good = "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30;
  REQUIRE(sdp::parse_crypto(good));
  const std::string start = "1 AES_CM_128_HMAC_SHA1_80 ";
  const std::vector<std::string> many{
      "",
      "1",
      "x AES_CM_128_HMAC_SHA1_80 inline:" + key30,
      "1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + key30,
      "1 F8_128_HMAC_SHA1_80 inline:" + key30,
      start + key30,
      start + "inline:",
      start + "inline:" + std::string(5000, 'A'),
      start + "inline:*" + key30.substr(1),
      good + "|1:0",
      good + "|1:17",
      good + "|256:1",
      good + "|x",
      good + "|2^",
      good + ";inline:" + key30,
      good + " UNAUTHENTICATED_SRTP",
      good + " UNENCRYPTED_SRTP",
      good + " KDR=3",
  };
  for (const auto& bad : many) {
    INFO(bad);
    CHECK_FALSE(sdp::parse_crypto(bad));
  }
}

TEST_CASE("RTP/SAVP is answered as that, with a key of our own under the tag of the line") {
  for (const std::string protocol : {"RTP/SAVP", "RTP/SAVPF", "RTP/AVP", "RTP/AVPF"}) {
    const auto answered =
        answer(offer(protocol, line(4, "F8_128_HMAC_SHA1_80") + line(5, "AES_CM_128_HMAC_SHA1_80")));
    CHECK(answered.answer.media[0].protocol == protocol);
    const auto lines = crypto_of(answered.answer);
    REQUIRE(lines.size() == 1);
    const auto ours = sdp::parse_crypto(lines[0]);
    REQUIRE(ours);
    CHECK(ours->tag == 5);
    REQUIRE(answered.plan.srtp);
    CHECK(answered.plan.srtp->send == ours->key);
    CHECK(answered.plan.srtp->receive == sdp::parse_crypto("5 AES_CM_128_HMAC_SHA1_80 inline:" + key30)->key);
    CHECK_FALSE(answered.plan.srtp->send.bytes == answered.plan.srtp->receive.bytes);
  }
}

TEST_CASE("the offerer's order counts, but short tags only where nothing else fits") {
  const auto gcm = inline_key(CryptoSuite::aead_aes_256_gcm);
  const auto weak_first = line(1, "AES_CM_128_HMAC_SHA1_32") + line(2, "AEAD_AES_256_GCM", gcm) +
                          line(3, "AES_CM_128_HMAC_SHA1_80");
  CHECK(answer(offer("RTP/SAVP", weak_first)).plan.srtp->send.suite == CryptoSuite::aead_aes_256_gcm);
  CHECK(answer(offer("RTP/SAVP", line(1, "AES_CM_128_HMAC_SHA1_32"))).plan.srtp->send.suite ==
        CryptoSuite::aes_cm_128_hmac_sha1_32);
}

TEST_CASE("an encrypted stream is taken before a plain one") {
  auto both = offer("RTP/AVP", "m=audio 4002 RTP/SAVP 8\r\n" + line(1, "AES_CM_128_HMAC_SHA1_80"));
  const auto secure = answer(both);
  CHECK(secure.answer.media[0].port == 0);
  CHECK(secure.answer.media[1].port != 0);
  CHECK(secure.plan.srtp);
  CHECK(sdp::common_codecs(both, here()) == std::vector{sdp::CodecId::pcma});
  CHECK_FALSE(answer(both, here(Encryption::forbidden)).plan.srtp);
  CHECK(sdp::common_codecs(both, here(Encryption::forbidden)).size() == 2);
}

TEST_CASE("who forbids, who insists, and who has no safe way for keys") {
  const auto keys = line(1, "AES_CM_128_HMAC_SHA1_80");
  const auto odd = line(1, "F8_128_HMAC_SHA1_80");
  CHECK(refusal(offer("RTP/SAVP", keys), here(Encryption::forbidden)) == NegotiationError::encrypted_only);
  CHECK_FALSE(answer(offer("RTP/AVP", keys), here(Encryption::forbidden)).plan.srtp);
  CHECK(crypto_of(answer(offer("RTP/AVP", keys), here(Encryption::forbidden)).answer).empty());
  CHECK(refusal(offer("RTP/AVP", ""), here(Encryption::mandatory)) == NegotiationError::plain_only);
  CHECK(answer(offer("RTP/AVP", keys), here(Encryption::mandatory)).plan.srtp);
  CHECK(refusal(offer("RTP/AVP", odd), here(Encryption::mandatory)) == NegotiationError::no_common_suite);
  CHECK(refusal(offer("RTP/SAVP", odd)) == NegotiationError::no_common_suite);
  CHECK_FALSE(answer(offer("RTP/AVP", odd)).plan.srtp);
  CHECK(refusal(offer("RTP/SAVP", keys), in_the_open()) == NegotiationError::keys_in_the_open);
  CHECK(refusal(offer("RTP/AVP", keys), in_the_open(Encryption::mandatory)) ==
        NegotiationError::keys_in_the_open);
  CHECK_FALSE(answer(offer("RTP/AVP", keys), in_the_open()).plan.srtp);
  CHECK(refusal(offer("RTP/SAVP", "")) == NegotiationError::no_common_suite);
}

TEST_CASE("our offers: RTP/AVP with keys where SRTP is optional, RTP/SAVP where it is mandatory") {
  sdp::LocalState state;
  const auto optional = sdp::make_offer(here(), state);
  CHECK(optional.media[0].protocol == "RTP/AVP");
  REQUIRE(crypto_of(optional).size() == sdp::crypto_suite_count);
  CHECK(sdp::parse_crypto(crypto_of(optional)[1])->key.suite == CryptoSuite::aead_aes_256_gcm);
  CHECK(crypto_of(sdp::make_offer(here(), state)) == crypto_of(optional));  // a refresh changes nothing
  CHECK(sdp::make_offer(here(), state).version == optional.version);
  sdp::LocalState another;
  CHECK(crypto_of(sdp::make_offer(here(), another)) != crypto_of(optional));  // another call, other keys
  CHECK(sdp::make_offer(here(Encryption::mandatory), another).media[0].protocol == "RTP/SAVP");
  CHECK(crypto_of(sdp::make_offer(here(Encryption::forbidden), another)).empty());
  CHECK(crypto_of(sdp::make_offer(in_the_open(), another)).empty());
  CHECK(sdp::make_offer(in_the_open(), another).media[0].protocol == "RTP/AVP");
}

TEST_CASE("answers to our offers: the tag names the key, and anything else is refused") {
  sdp::LocalState state;
  const auto optional = sdp::make_offer(here(), state);
  const auto accept = [&](const std::string& protocol, const std::string& lines) {
    return sdp::accept_answer(optional, offer(protocol, lines));
  };
  const auto plan = accept("RTP/AVP", line(5, "AES_CM_128_HMAC_SHA1_32"));
  REQUIRE(plan.has_value());
  REQUIRE(plan->srtp);
  CHECK(plan->srtp->send == sdp::parse_crypto(crypto_of(optional)[4])->key);
  CHECK(plan->srtp->send.suite == CryptoSuite::aes_cm_128_hmac_sha1_32);
  CHECK(accept("RTP/SAVP", line(1, "AES_CM_128_HMAC_SHA1_80"))->srtp);
  CHECK_FALSE(accept("RTP/AVP", "")->srtp);
  CHECK(accept("RTP/AVP", line(2, "AES_CM_128_HMAC_SHA1_80")).error() == NegotiationError::no_common_suite);
  CHECK(accept("RTP/AVP", line(6, "AES_CM_128_HMAC_SHA1_80")).error() == NegotiationError::no_common_suite);
  CHECK(accept("RTP/SAVP", "").error() == NegotiationError::encrypted_only);
  sdp::LocalState strict;
  const auto mandatory = sdp::make_offer(here(Encryption::mandatory), strict);
  CHECK(sdp::accept_answer(mandatory, offer("RTP/AVP", "")).error() == NegotiationError::plain_only);
  CHECK(sdp::accept_answer(mandatory, offer("RTP/SAVP", line(1, "AES_CM_128_HMAC_SHA1_80")))->srtp);
}

TEST_CASE("our key stays while the peer's stays, and changes with it") {
  sdp::LocalState state;
  const auto round = [&](const std::string& key) {
    const auto answered =
        sdp::answer_offer(offer("RTP/SAVP", line(1, "AES_CM_128_HMAC_SHA1_80", key)), here(), state);
    REQUIRE(answered.has_value());
    return *answered->plan.srtp;
  };
  const auto first = round(key30);
  CHECK(round(key30) == first);
  const auto again = sdp::make_offer(here(), state);
  CHECK(again.media[0].protocol == "RTP/SAVP");  // as it runs
  CHECK(sdp::parse_crypto(crypto_of(again)[0])->key == first.send);
  const auto changed = round("A" + key30.substr(1));
  CHECK(changed.receive != first.receive);
  CHECK(changed.send != first.send);
  CHECK(round("A" + key30.substr(1)) == changed);
}
