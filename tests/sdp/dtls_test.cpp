// DTLS-SRTP in offers and answers: fingerprints, roles, and when a handshake begins anew.
#include "sdp/negotiate.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using sdp::CryptoSuite;
using sdp::Encryption;
using sdp::NegotiationError;
using Role = sdp::DtlsPlan::Role;

namespace {

const std::string sha256 =
    "sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF";
const std::string other256 =
    "sha-256 4B:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF";
const std::string sha1 = "SHA-1 4a:ad:b9:b1:3f:82:18:3b:54:02:12:df:3e:5d:49:6b:19:e5:7c:ab";
const std::string savp = "UDP/TLS/RTP/SAVP";

sdp::LocalStream here(Encryption encryption = Encryption::optional) {
  sdp::LocalStream local;
  local.rtp = {asio::ip::make_address("203.0.113.1"), 16384};
  local.rtcp_port = 16385;
  local.codecs = {sdp::CodecId::pcmu, sdp::CodecId::pcma};
  local.encryption = encryption;
  local.suites = {CryptoSuite::aes_cm_128_hmac_sha1_80};
  local.dtls = sdp::LocalDtls{*sdp::parse_fingerprint(other256), asio::ip::make_address("192.0.2.1")};
  return local;
}

sdp::LocalStream preferring(Encryption encryption = Encryption::optional) {
  auto local = here(encryption);
  local.prefers_dtls = true;
  return local;
}

std::string lines(const std::string& setup = "actpass", const std::string& fingerprint = sha256) {
  return "a=setup:" + setup + "\r\na=fingerprint:" + fingerprint + "\r\n";
}

struct Place {
  std::string host = "192.0.2.1";
  int port = 4000;
};
sdp::SessionDescription offer(const std::string& protocol, const std::string& more, const Place& place = {},
                              const std::string& session = "") {
  const auto parsed =
      sdp::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 " + place.host + "\r\nt=0 0\r\n" +
                 session + "m=audio " + std::to_string(place.port) + " " + protocol + " 0 8\r\n" + more);
  REQUIRE(parsed.has_value());
  return *parsed;
}

sdp::Answered answer(const sdp::SessionDescription& offered, const sdp::LocalStream& local,
                     sdp::LocalState& state) {
  const auto answered = sdp::answer_offer(offered, local, state);
  REQUIRE(answered.has_value());
  return *answered;
}
sdp::Answered answer(const sdp::SessionDescription& offered, const sdp::LocalStream& local = here()) {
  sdp::LocalState state;
  return answer(offered, local, state);
}

NegotiationError refusal(const sdp::SessionDescription& offered, const sdp::LocalStream& local) {
  sdp::LocalState state;
  const auto answered = sdp::answer_offer(offered, local, state);
  REQUIRE_FALSE(answered.has_value());
  return answered.error();
}

std::string value(const sdp::SessionDescription& description, std::string_view name) {
  for (const auto& attribute : description.media.at(0).attributes) {
    if (attribute.name == name) return attribute.value;
  }
  return "";
}

}  // namespace

TEST_CASE("fingerprints are read as RFC 8122 writes them, and no others") {
  const auto read = sdp::parse_fingerprint(sha256);
  REQUIRE(read);
  CHECK(read->hash == sdp::HashFunction::sha256);
  CHECK(read->bytes.size() == 32);
  CHECK(read->bytes[1] == 0xAD);
  CHECK(sdp::print_fingerprint(*read) == sha256);
  CHECK(sdp::parse_fingerprint(sha1));  // lower case is common
  for (const auto& [name, size] :
       {std::pair("sha-384", 48), std::pair("sha-512", 64), std::pair("sha-224", 28)}) {
    std::string text = std::string(name) + " 00";
    for (int i = 1; i < size; ++i) text += ":FF";
    CHECK(sdp::parse_fingerprint(text));
    CHECK_FALSE(sdp::parse_fingerprint(text + ":FF"));
  }
  for (const std::string& bad : std::vector<std::string>{
           "", "sha-256", "sha-256 ", "sha-256 4A:AD", "sha-256 " + sha1.substr(6), "md5 " + sha1.substr(6),
           sha256 + " x", sha256.substr(0, sha256.size() - 1), sha256 + ":", "sha-256 GG" + sha256.substr(10),
           "sha-256 4A-AD" + sha256.substr(13)}) {
    INFO(bad);
    CHECK_FALSE(sdp::parse_fingerprint(bad));
  }
}

TEST_CASE("an offer of DTLS is answered with our fingerprint, and we begin where we may") {
  for (const std::string protocol :
       {"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "RTP/SAVP", "RTP/AVP"}) {
    INFO(protocol);
    const auto answered = answer(offer(protocol, lines() + "a=rtcp-mux\r\n"));
    REQUIRE(answered.plan.dtls);
    CHECK_FALSE(answered.plan.srtp);
    CHECK(answered.plan.dtls->role == Role::active);
    CHECK(answered.plan.dtls->peer == std::vector{*sdp::parse_fingerprint(sha256)});
    CHECK(answered.plan.dtls->association == 1);
    CHECK(answered.plan.rtcp_mux);
    CHECK(answered.answer.media.at(0).protocol == protocol);
    CHECK(value(answered.answer, "setup") == "active");
    CHECK(value(answered.answer, "fingerprint") == other256);
    CHECK(value(answered.answer, "crypto").empty());
    CHECK(value(answered.answer, "tls-id").empty());
  }
}

TEST_CASE("roles: what the offerer said, and a peer behind NAT begins itself") {
  const auto role = [](const std::string& setup, const Place& place = {}) {
    return answer(offer(savp, lines(setup), place));
  };
  CHECK(role("active").plan.dtls->role == Role::passive);
  CHECK(value(role("active").answer, "setup") == "passive");
  CHECK(role("passive").plan.dtls->role == Role::active);
  CHECK(role("holdconn").plan.dtls->role == Role::none);
  CHECK(value(role("holdconn").answer, "setup") == "holdconn");
  CHECK(role("actpass", {"10.0.0.7", 4000}).plan.dtls->role == Role::passive);
  CHECK(answer(offer(savp, "a=fingerprint:" + sha256 + "\r\n")).plan.dtls->role == Role::passive);
}

TEST_CASE("at the level of the session, several hashes, a tls-id") {
  const auto general = answer(offer(savp, "", {}, lines()));
  CHECK(general.plan.dtls->peer.front() == *sdp::parse_fingerprint(sha256));
  CHECK(general.plan.dtls->role == Role::active);
  const auto many = answer(offer(savp, lines("actpass", sha1) + "a=fingerprint:" + sha256 +
                                           "\r\na=fingerprint:md5 00\r\n"
                                           "a=fingerprint:" +
                                           other256 + "\r\n"));
  CHECK(many.plan.dtls->peer ==
        std::vector{*sdp::parse_fingerprint(sha256), *sdp::parse_fingerprint(other256)});
  const auto only = answer(offer(savp, lines("actpass", sha1)));
  CHECK(only.plan.dtls->peer.front().hash == sdp::HashFunction::sha1);
  const auto named = answer(offer(savp, lines() + "a=tls-id:abcdefghijklmnopqrst\r\n"));
  CHECK(value(named.answer, "tls-id").size() >= 20);
}

TEST_CASE("who may have DTLS") {
  CHECK(refusal(offer(savp, lines()), here(Encryption::forbidden)) == NegotiationError::encrypted_only);
  auto without = here();
  without.dtls.reset();
  CHECK(refusal(offer(savp, lines()), without) == NegotiationError::encrypted_only);
  CHECK_FALSE(answer(offer("RTP/AVP", lines()), without).plan.dtls);
  CHECK_FALSE(answer(offer("RTP/AVP", lines()), here(Encryption::forbidden)).plan.dtls);
  CHECK(refusal(offer(savp, "a=setup:actpass\r\n"), here()) == NegotiationError::no_fingerprint);
  CHECK(refusal(offer(savp, lines("actpass", "md5 00:11")), here()) == NegotiationError::no_fingerprint);
  CHECK(refusal(offer("RTP/AVP", ""), here(Encryption::mandatory)) == NegotiationError::plain_only);
  CHECK(answer(offer("RTP/AVP", lines()), here(Encryption::mandatory)).plan.dtls);
  // Over signalling that others can read: no keys, but a handshake.
  auto open = here();
  open.suites.clear();
  CHECK(answer(offer(savp, lines()), open).plan.dtls);
}

TEST_CASE("of an offer with both ways the preferred one is taken") {
  const std::string key =
      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
  const auto both = offer("RTP/SAVP", key + lines());
  CHECK(answer(both).plan.srtp);
  CHECK_FALSE(answer(both).plan.dtls);
  CHECK(answer(both, preferring()).plan.dtls);
  CHECK_FALSE(answer(both, preferring()).plan.srtp);
}

TEST_CASE("our own offers") {
  sdp::LocalState state;
  const auto plain = sdp::make_offer(here(), state);
  CHECK(plain.media[0].protocol == "RTP/AVP");
  CHECK(value(plain, "fingerprint").empty());
  state = {};
  const auto best = sdp::make_offer(preferring(), state);
  CHECK(best.media[0].protocol == "RTP/AVP");
  CHECK(value(best, "fingerprint") == other256);
  CHECK(value(best, "setup") == "actpass");
  CHECK(value(best, "crypto").empty());
  CHECK(best.media[0].rtcp_mux);
  state = {};
  CHECK(sdp::make_offer(preferring(Encryption::mandatory), state).media[0].protocol == savp);
  state = {};
  CHECK(sdp::make_offer(here(Encryption::mandatory), state).media[0].protocol == "RTP/SAVP");
  auto open = here(Encryption::mandatory);
  open.suites.clear();
  state = {};
  CHECK(sdp::make_offer(open, state).media[0].protocol == savp);
}

TEST_CASE("answers to our offers: the role that is left, or plain, or neither") {
  sdp::LocalState state;
  const auto best = sdp::make_offer(preferring(), state);
  const auto insisting = sdp::make_offer(preferring(Encryption::mandatory), state);
  const auto role = [&](const std::string& setup) {
    return sdp::accept_answer(insisting, offer(savp, lines(setup)))->dtls->role;
  };
  CHECK(role("active") == Role::passive);
  CHECK(role("passive") == Role::active);
  CHECK(role("holdconn") == Role::none);
  CHECK_FALSE(sdp::accept_answer(best, offer("RTP/AVP", ""))->dtls);
  CHECK(sdp::accept_answer(best, offer("RTP/AVP", lines("active") + "a=rtcp-mux\r\n"))->rtcp_mux);
  CHECK_FALSE(sdp::accept_answer(best, offer("RTP/AVP", lines("active")))->rtcp_mux);
  CHECK(sdp::accept_answer(insisting, offer(savp, "")).error() == NegotiationError::encrypted_only);
  CHECK(sdp::accept_answer(insisting, offer("RTP/AVP", "")).error() == NegotiationError::plain_only);
  CHECK(sdp::accept_answer(insisting, offer(savp, lines("active", "md5 00"))).error() ==
        NegotiationError::no_fingerprint);
}

TEST_CASE("a handshake goes on over re-negotiations that change nothing of it, and begins anew otherwise") {
  sdp::LocalState state;
  const auto association = [&](const sdp::SessionDescription& offered) {
    return answer(offered, here(), state).plan.dtls->association;
  };
  CHECK(association(offer(savp, lines())) == 1);
  CHECK(association(offer(savp, lines())) == 1);
  CHECK(association(offer(savp, lines() + "a=sendonly\r\n")) == 1);
  CHECK(association(offer(savp, lines(), {"0.0.0.0", 4000})) == 1);  // the old hold
  CHECK(association(offer(savp, lines("holdconn"))) == 1);
  CHECK(association(offer(savp, lines("passive"))) == 1);                               // what it was
  CHECK(association(offer(savp, lines("active"))) == 2);                                // another role
  CHECK(answer(offer(savp, lines()), here(), state).plan.dtls->role == Role::passive);  // which it stays
  CHECK(association(offer(savp, lines("actpass", other256))) == 3);
  CHECK(association(offer(savp, lines("actpass", other256), {"192.0.2.1", 4002})) == 4);  // another place
  const std::string id = "a=tls-id:aaaaaaaaaaaaaaaaaaaa\r\n";
  const auto first = answer(offer(savp, lines() + id), here(), state);
  CHECK(first.plan.dtls->association == 5);
  const auto same = answer(offer(savp, lines() + id, {"192.0.2.1", 4004}), here(), state);
  CHECK(same.plan.dtls->association == 5);  // another place, the same association by name
  CHECK(value(first.answer, "tls-id") == value(same.answer, "tls-id"));
  const auto next = answer(offer(savp, lines() + "a=tls-id:bbbbbbbbbbbbbbbbbbbb\r\n"), here(), state);
  CHECK(next.plan.dtls->association == 6);
  CHECK(value(next.answer, "tls-id") != value(first.answer, "tls-id"));
  // Our own re-offer asks for the same again.
  const auto again = sdp::make_offer(here(), state);
  CHECK(again.media[0].protocol == savp);
  CHECK(value(again, "setup") == "actpass");
  CHECK(value(again, "tls-id") == value(next.answer, "tls-id"));
}

TEST_CASE("forks with certificates of their own have handshakes of their own") {
  sdp::LocalState state;
  const auto ours = sdp::make_offer(preferring(Encryption::mandatory), state);
  auto first = *sdp::accept_answer(ours, offer(savp, lines("active")));
  auto second = *sdp::accept_answer(ours, offer(savp, lines("active", other256)));
  state.crypto.agree(first);
  auto again = first;
  state.crypto.agree(again);
  state.crypto.agree(second);
  CHECK(first.dtls->association == 1);
  CHECK(again.dtls->association == 1);
  CHECK(second.dtls->association == 2);
}
