// Digest: the RFCs' vectors, the server's verdicts, and the client against the server.
#include "sip/digest.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace switchroom::sip;
using switchroom::base::Time;
using namespace std::chrono_literals;

namespace {

constexpr Time start{std::chrono::hours(5)};

std::optional<std::string> password_of(std::string_view user) {
  if (user == "1001") return "correct horse";
  if (user == "1002") return "";
  return std::nullopt;
}

DigestServer server(std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::md5},
                    std::size_t nonces = 1000) {
  return DigestServer({.realm = "pbx", .algorithms = std::move(algorithms), .remembered_nonces = nonces},
                      password_of);
}

Message request(std::string_view uri = "sip:pbx.example.com") {
  Message m;
  m.method = Method::registration;
  m.method_token = "REGISTER";
  m.request_uri = *parse_uri(uri);
  return m;
}

std::string challenge_of(DigestServer& digest, std::string_view source = "192.0.2.1", Time now = start,
                         bool stale = false) {
  Message response;
  digest.challenge(response, source, now, stale);
  REQUIRE_FALSE(response.www_authenticate.empty());
  return response.www_authenticate.front();
}

struct Try {
  std::string user = "1001";
  std::string password = "correct horse";
  std::string_view source = "192.0.2.1";
  Time now = start;
  std::uint32_t count = 1;
  std::string uri = "sip:pbx.example.com";
};

AuthResult attempt(DigestServer& digest, const std::string& challenge, const Try& how = {}) {
  Message m = request();
  m.authorization.push_back(
      *answer_challenge(challenge, {how.user, how.password}, "REGISTER", how.uri, how.count));
  return digest.check(m, how.source, how.now);
}

std::string without(std::string text, std::string_view part) {
  const std::size_t at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.erase(at, part.size());
}

}  // namespace

TEST_CASE("the vectors of RFC 2617 and RFC 7616", "[sip][digest]") {
  DigestFields old{.username = "Mufasa",
                   .realm = "testrealm@host.com",
                   .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                   .uri = "/dir/index.html"};
  old.cnonce = "0a4f113b";
  old.qop = "auth";
  old.nc = "00000001";
  CHECK(digest_response({}, old, "Circle Of Life", "GET") == "6629fae49393a05397450978507c4ef1");
  old.qop = {};  // RFC 2069 as RFC 2617 keeps it; the value by its formula
  CHECK(digest_response({}, old, "Circle Of Life", "GET") == "670fd8c2df070c60b045671b8b24ff02");

  DigestFields now{.username = "Mufasa",
                   .realm = "http-auth@example.org",
                   .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                   .uri = "/dir/index.html"};
  now.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  now.qop = "auth";
  now.nc = "00000001";
  CHECK(digest_response({DigestAlgorithm::md5, false}, now, "Circle of Life", "GET") ==
        "8ca523f5e9506fed4657c9700eebdbec");
  CHECK(digest_response({DigestAlgorithm::sha256, false}, now, "Circle of Life", "GET") ==
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST_CASE("lists of digest words", "[sip][digest]") {
  const auto fields =
      parse_digest("digest  Username=\"a\\\"b\" ,realm=\"r, s\",qop=auth, nc=00000001,foo=bar");
  REQUIRE(fields);
  CHECK(fields->username == "a\\\"b");
  CHECK(fields->realm == "r, s");
  CHECK(fields->qop == "auth");
  CHECK(fields->nc == "00000001");
  CHECK(fields->nonce.data() == nullptr);
  std::string many = "Digest a0=1";
  for (int i = 1; i < 40; ++i) many += ", a" + std::to_string(i) + "=1";
  for (const std::string& bad :
       {std::string("Basic realm=\"x\""), std::string("Digest"), std::string("Digestrealm=x"),
        std::string("Digest realm"), std::string("Digest realm=\"x"),
        std::string("Digest realm=\"x\" nonce=\"y\""), std::string("Digest =x"),
        std::string("Digest realm=a, realm=b"), std::string(""), many}) {
    INFO(bad);
    CHECK_FALSE(parse_digest(bad));
  }
  CHECK(realm_of("Digest nonce=\"x\", realm=\"carrier\"") == "carrier");
  CHECK(realm_of("Basic realm=\"carrier\"").empty());
  CHECK(realm_of("Digest nonce=\"x\"").empty());
}

TEST_CASE("a challenge is answered and accepted", "[sip][digest]") {
  for (const DigestAlgorithm algorithm : {DigestAlgorithm::md5, DigestAlgorithm::sha256}) {
    DigestServer digest = server({algorithm});
    const std::string challenge = challenge_of(digest);
    const AuthResult result = attempt(digest, challenge);
    CHECK(result.verdict == AuthVerdict::accepted);
    CHECK(result.username == "1001");
    CHECK(result.proved_address);
  }
}

TEST_CASE("each algorithm is offered in its order, and stale is said", "[sip][digest]") {
  DigestServer digest = server({DigestAlgorithm::sha256, DigestAlgorithm::md5});
  Message response;
  digest.challenge(response, "192.0.2.1", start, true);
  REQUIRE(response.www_authenticate.size() == 2);
  CHECK(response.www_authenticate[0].find("algorithm=SHA-256") != std::string::npos);
  CHECK(response.www_authenticate[1].find("algorithm=MD5") != std::string::npos);
  CHECK(response.www_authenticate[0].find("stale=true") != std::string::npos);
  CHECK(challenge_of(digest).find("stale") == std::string::npos);
  DigestServer md5_only = server();
  const std::string sha =
      challenge_of(md5_only).replace(challenge_of(md5_only).find("algorithm=MD5"), 13, "algorithm=SHA-256");
  CHECK(attempt(md5_only, sha).verdict == AuthVerdict::wrong);
}

TEST_CASE("no credentials, others' credentials, broken credentials", "[sip][digest]") {
  DigestServer digest = server();
  Message m = request();
  CHECK(digest.check(m, "192.0.2.1", start).verdict == AuthVerdict::missing);
  m.authorization = {
      "Digest username=\"x\", realm=\"elsewhere\", nonce=\"1\", uri=\"sip:x\", response=\"2\""};
  CHECK(digest.check(m, "192.0.2.1", start).verdict == AuthVerdict::missing);
  m.authorization.push_back(
      *answer_challenge(challenge_of(digest), {"1001", "correct horse"}, "REGISTER", "sip:pbx.example.com"));
  CHECK(digest.check(m, "192.0.2.1", start).verdict == AuthVerdict::accepted);
  for (const std::string& bad :
       {std::string("Digest"), std::string("Basic abc"), std::string("Digest realm=\"pbx\""),
        std::string("Digest username=\"1001\", realm=\"pbx\", nonce=\"\", uri=\"\", response=\"\""),
        std::string("Digest username=\"10\x01"
                    "1\", realm=\"pbx\", nonce=\"1\", uri=\"sip:x\", response=\"2\""),
        "Digest username=\"" + std::string(300, 'a') +
            "\", realm=\"pbx\", nonce=\"1\", uri=\"sip:x\", response=\"2\""}) {
    INFO(bad);
    m.authorization = {bad};
    const AuthResult result = digest.check(m, "192.0.2.1", start);
    CHECK(result.verdict == AuthVerdict::wrong);
    CHECK(result.username.size() <= 64);
    for (const char c : result.username) CHECK((c >= 0x20 && c < 0x7f));
  }
}

TEST_CASE("wrong passwords and unknown users look alike", "[sip][digest]") {
  DigestServer digest = server();
  const std::string challenge = challenge_of(digest);
  for (const Try& how : {Try{.password = "wrong"}, Try{.user = "9999"}, Try{.user = "1002", .password = ""},
                         Try{.user = "9999", .password = ""}}) {
    const AuthResult result = attempt(digest, challenge, how);
    CHECK(result.verdict == AuthVerdict::wrong);
    CHECK(result.username == how.user);
    CHECK(result.proved_address);
  }
  CHECK(attempt(digest, challenge).verdict == AuthVerdict::accepted);  // a failure uses nothing up
}

TEST_CASE("a nonce is good for its address and its lifetime", "[sip][digest]") {
  DigestServer digest = server();
  DigestServer other = server();
  const std::string challenge = challenge_of(digest);
  const AuthResult elsewhere = attempt(digest, challenge, {.source = "192.0.2.2"});
  CHECK(elsewhere.verdict == AuthVerdict::stale);
  CHECK_FALSE(elsewhere.proved_address);
  CHECK(attempt(digest, challenge, {.now = start + 4min}).verdict == AuthVerdict::accepted);
  const AuthResult late = attempt(digest, challenge, {.now = start + 6min, .count = 2});
  CHECK(late.verdict == AuthVerdict::stale);
  CHECK_FALSE(late.proved_address);
  CHECK(attempt(digest, challenge, {.password = "wrong", .now = start + 6min}).verdict == AuthVerdict::wrong);
  CHECK(attempt(digest, challenge_of(other)).verdict == AuthVerdict::stale);  // another process's key
  std::string forged = challenge_of(digest);
  char& digit = forged[forged.find("nonce=\"") + 20];
  digit = digit == '0' ? '1' : '0';
  CHECK(attempt(digest, forged).verdict == AuthVerdict::stale);
}

TEST_CASE("a nonce count is used once", "[sip][digest]") {
  DigestServer digest = server();
  const std::string challenge = challenge_of(digest);
  const auto with = [&](std::uint32_t count) { return attempt(digest, challenge, {.count = count}).verdict; };
  CHECK(with(1) == AuthVerdict::accepted);
  CHECK(with(1) == AuthVerdict::stale);
  CHECK(with(3) == AuthVerdict::accepted);
  CHECK(with(2) == AuthVerdict::accepted);  // overtaken on the way
  CHECK(with(2) == AuthVerdict::stale);
  CHECK(with(100) == AuthVerdict::accepted);
  CHECK(with(36) == AuthVerdict::stale);  // too far behind to be remembered
  CHECK(with(37) == AuthVerdict::accepted);
  CHECK(with(37) == AuthVerdict::stale);
  CHECK(with(0xffffffff) == AuthVerdict::accepted);
  CHECK(with(0xffffffff) == AuthVerdict::stale);
  // Two phones behind one address, challenged in the same instant, do not use up each other's counts.
  CHECK(attempt(digest, challenge_of(digest)).verdict == AuthVerdict::accepted);
}

TEST_CASE("a client without qop uses a nonce once", "[sip][digest]") {
  DigestServer digest = server();
  const std::string challenge = challenge_of(digest);
  const std::string legacy = without(challenge, ", qop=\"auth\"");
  CHECK(attempt(digest, legacy).verdict == AuthVerdict::accepted);
  CHECK(attempt(digest, legacy).verdict == AuthVerdict::stale);
  CHECK(attempt(digest, challenge, {.count = 7}).verdict == AuthVerdict::stale);
  const std::string second = challenge_of(digest);
  CHECK(attempt(digest, second).verdict == AuthVerdict::accepted);
  CHECK(attempt(digest, without(second, ", qop=\"auth\"")).verdict == AuthVerdict::stale);
}

TEST_CASE("bad qop, nc and cnonce are wrong", "[sip][digest]") {
  DigestServer digest = server();
  const std::string good =
      *answer_challenge(challenge_of(digest), {"1001", "correct horse"}, "REGISTER", "sip:pbx.example.com");
  const auto verdict = [&](std::string_view from, std::string_view to) {
    Message m = request();
    std::string value = good;
    value.replace(value.find(from), from.size(), to);
    m.authorization = {value};
    return digest.check(m, "192.0.2.1", start).verdict;
  };
  CHECK(verdict("qop=auth", "qop=auth-int") == AuthVerdict::wrong);
  CHECK(verdict("nc=00000001", "nc=1") == AuthVerdict::wrong);
  CHECK(verdict("nc=00000001", "nc=0000000g") == AuthVerdict::wrong);
  CHECK(verdict("nc=00000001", "nc=00000002") == AuthVerdict::wrong);
  CHECK(verdict("cnonce=", "xnonce=") == AuthVerdict::wrong);
  CHECK(verdict("algorithm=MD5", "algorithm=MD5-sess") == AuthVerdict::wrong);
  CHECK(verdict("algorithm=MD5", "algorithm=ROT13") == AuthVerdict::wrong);
  CHECK(verdict("qop=auth", "qop=\"auth\"") == AuthVerdict::accepted);
}

TEST_CASE("the uri of the credentials", "[sip][digest]") {
  struct Case {
    std::string_view request, digest;
    bool good;
  };
  constexpr Case cases[] = {
      {"sip:1002@pbx.example.com", "sip:1002@pbx.example.com", true},
      {"sip:1002@pbx.example.com:5060;transport=udp", "sip:1002@pbx.example.com", true},
      {"sip:1002@192.0.2.9", "sip:1002@pbx.example.com", true},
      {"sip:1002@pbx", "sips:1002@PBX", true},
      {"sip:1002@pbx.example.com", "sip:1003@pbx.example.com", false},
      {"sip:1002@pbx.example.com", "sip:pbx.example.com", true},  // sipp, and phones that name the registrar
      {"sip:1002@pbx.example.com", "tel:1002", false},
      {"sip:1002@pbx.example.com", "1002@pbx.example.com", false},
      {"sip:1002@pbx.example.com", "", false},
      {"tel:+1201", "tel:+1201", true},
  };
  for (const Case& test : cases) {
    INFO(test.request << " and " << test.digest);
    DigestServer digest = server();
    Message m = request(test.request);
    m.authorization.push_back(
        *answer_challenge(challenge_of(digest), {"1001", "correct horse"}, "REGISTER", test.digest));
    CHECK(digest.check(m, "192.0.2.1", start).verdict ==
          (test.good ? AuthVerdict::accepted : AuthVerdict::wrong));
    m.method_token = "INVITE";  // the same credentials do not fit another method
    CHECK(digest.check(m, "192.0.2.1", start).verdict == AuthVerdict::wrong);
  }
}

TEST_CASE("a full table of nonce counts lets no replay through", "[sip][digest]") {
  NonceCounts counts(8);
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(counts.use(i, static_cast<std::int64_t>(i), 1));
    CHECK(counts.size() <= 8);
    for (std::uint64_t j = 0; j <= i; ++j) CHECK_FALSE(counts.use(j, static_cast<std::int64_t>(j), 1));
  }
  CHECK(counts.use(99, 99, 2));        // still known
  CHECK_FALSE(counts.use(500, 3, 1));  // made so early that it may have been forgotten
  counts.expire(1000);
  CHECK(counts.size() == 0);
  CHECK(counts.use(501, 1000, 1));

  NonceCounts same_instant(4);
  int good = 0;
  for (std::uint64_t i = 0; i < 20; ++i) good += same_instant.use(i, 7, 1) ? 1 : 0;
  CHECK(good == 4);
  CHECK(same_instant.use(21, 8, 1));
}

TEST_CASE("a server with a small table still serves and still refuses", "[sip][digest]") {
  DigestServer digest = server({DigestAlgorithm::md5}, 4);
  std::vector<std::string> used;
  for (int i = 0; i < 20; ++i) {
    const Time now = start + std::chrono::seconds(i);
    used.push_back(challenge_of(digest, "192.0.2.1", now));
    CHECK(attempt(digest, used.back(), {.now = now}).verdict == AuthVerdict::accepted);
  }
  for (const std::string& challenge : used) {
    CHECK(attempt(digest, challenge, {.now = start + 20s}).verdict == AuthVerdict::stale);
  }
}

TEST_CASE("what a client answers", "[sip][digest]") {
  const DigestCredentials me{"alice", "secret"};
  const auto answer = [&](std::string_view challenge) {
    return answer_challenge(challenge, me, "INVITE", "sip:b@c", 2);
  };
  const auto full = answer(
      "Digest realm=\"r\", nonce=\"n\", opaque=\"op\", algorithm=MD5, qop=\"auth-int,auth\", stale=false");
  REQUIRE(full);
  const auto fields = parse_digest(*full);
  REQUIRE(fields);
  CHECK(fields->username == "alice");
  CHECK(fields->realm == "r");
  CHECK(fields->nonce == "n");
  CHECK(fields->uri == "sip:b@c");
  CHECK(fields->opaque == "op");
  CHECK(fields->algorithm == "MD5");
  CHECK(fields->qop == "auth");
  CHECK(fields->nc == "00000002");
  CHECK(fields->cnonce.size() >= 16);
  CHECK(fields->response == digest_response({}, *fields, "secret", "INVITE"));
  CHECK(*answer("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"") !=
        *answer("Digest realm=\"r\", nonce=\"n\", qop=\"auth\""));

  const auto legacy = answer("Digest realm=\"r\",nonce=\"n\"");
  REQUIRE(legacy);
  CHECK(legacy->find("qop") == std::string::npos);
  CHECK(legacy->find("cnonce") == std::string::npos);
  CHECK(legacy->find("opaque") == std::string::npos);
  CHECK(parse_digest(*legacy)->response == digest_response({}, *parse_digest(*legacy), "secret", "INVITE"));

  for (const std::string_view algorithm : {"MD5-sess", "SHA-256", "SHA-256-sess", "md5"}) {
    const auto value =
        answer(std::string("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=").append(algorithm));
    REQUIRE(value);
    const auto read = parse_digest(*value);
    CHECK(read->algorithm == algorithm);
    CHECK(read->response.size() == (algorithm[0] == 'S' ? 64 : 32));
    CHECK(read->response == digest_response(*parse_digest_algorithm(*read), *read, "secret", "INVITE"));
  }
  const auto session = answer("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess");
  REQUIRE(session);
  CHECK(session->find("cnonce") != std::string::npos);

  for (const std::string_view bad :
       {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "Digest realm=\"r\"", "Digest nonce=\"n\"",
        "Basic realm=\"r\"", "", "Digest realm=\"r\", nonce=\"n"}) {
    INFO(bad);
    CHECK_FALSE(answer(bad));
  }
}

TEST_CASE("names with quotes in credentials", "[sip][digest]") {
  DigestServer digest({.realm = "pbx"}, [](std::string_view user) {
    return user == "a\\\"b" ? std::optional<std::string>("pw") : std::nullopt;
  });
  CHECK(attempt(digest, challenge_of(digest), {.user = "a\"b", .password = "pw"}).verdict ==
        AuthVerdict::accepted);
}
