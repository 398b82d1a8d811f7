// The kinds of messages of RFC 4475, each with what is to come of it.
#include "sip/message/message.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace switchroom::sip;

namespace {

std::string torture(std::string_view name) {
  const std::string path =
      std::string(SWITCHROOM_SOURCE_DIR "/tests/sip/torture/").append(name).append(".sip");
  std::ifstream file(path, std::ios::binary);
  INFO(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

enum class Verdict { good, answer, drop };
struct Case {
  std::string_view name;
  Verdict verdict;
  int status;            // of the answer
  std::string_view why;  // part of it
};

// The RFC's sections in order. "good" means that it parses: what a server does with an unknown extension,
// scheme, method or Max-Forwards of 0 is decided further up.
constexpr Case cases[] = {
    {"wsinv", Verdict::good, 0, ""},                                  // 3.1.1.1
    {"intmeth", Verdict::good, 0, ""},                                // 3.1.1.2
    {"esc01", Verdict::good, 0, ""},                                  // 3.1.1.3
    {"escnull", Verdict::good, 0, ""},                                // 3.1.1.4
    {"esc02", Verdict::good, 0, ""},                                  // 3.1.1.5
    {"lwsdisp", Verdict::good, 0, ""},                                // 3.1.1.6
    {"longreq", Verdict::good, 0, ""},                                // 3.1.1.7
    {"dblreq", Verdict::good, 0, ""},                                 // 3.1.1.8
    {"semiuri", Verdict::good, 0, ""},                                // 3.1.1.9
    {"transports", Verdict::good, 0, ""},                             // 3.1.1.10
    {"mpart01", Verdict::good, 0, ""},                                // 3.1.1.11
    {"unreason", Verdict::good, 0, ""},                               // 3.1.1.12
    {"noreason", Verdict::good, 0, ""},                               // 3.1.1.13
    {"badinv01", Verdict::answer, 400, "Via"},                        // 3.1.2.1
    {"clerr", Verdict::answer, 400, "Content-Length larger"},         // 3.1.2.2
    {"ncl", Verdict::answer, 400, "Content-Length"},                  // 3.1.2.3
    {"scalar02", Verdict::answer, 400, "Max-Forwards"},               // 3.1.2.4
    {"scalarlg", Verdict::drop, 0, "CSeq"},                           // 3.1.2.5
    {"quotbal", Verdict::answer, 400, "To"},                          // 3.1.2.6
    {"ltgtruri", Verdict::answer, 400, "Request-URI"},                // 3.1.2.7
    {"lwsruri", Verdict::answer, 400, "request line"},                // 3.1.2.8
    {"lwsstart", Verdict::answer, 400, "request line"},               // 3.1.2.9
    {"trws", Verdict::answer, 400, "request line"},                   // 3.1.2.10
    {"escruri", Verdict::answer, 400, "Request-URI"},                 // 3.1.2.11
    {"baddate", Verdict::good, 0, ""},                                // 3.1.2.12: a Date is not used
    {"regbadct", Verdict::answer, 400, "Contact"},                    // 3.1.2.13
    {"badaspec", Verdict::answer, 400, "To"},                         // 3.1.2.14
    {"baddn", Verdict::answer, 400, "From"},                          // 3.1.2.15
    {"badvers", Verdict::answer, 505, "Version"},                     // 3.1.2.16
    {"mismatch01", Verdict::answer, 400, "CSeq"},                     // 3.1.2.17
    {"mismatch02", Verdict::answer, 400, "CSeq"},                     // 3.1.2.18
    {"bigcode", Verdict::drop, 0, "status line"},                     // 3.1.2.19
    {"badbranch", Verdict::good, 0, ""},                              // 3.2.1
    {"insuf", Verdict::answer, 400, "Missing From"},                  // 3.3.1
    {"unkscm", Verdict::good, 0, ""},                                 // 3.3.2: 416 further up
    {"novelsc", Verdict::good, 0, ""},                                // 3.3.3: 416 further up
    {"unksm2", Verdict::good, 0, ""},                                 // 3.3.4
    {"bext01", Verdict::good, 0, ""},                                 // 3.3.5: 420 further up
    {"invut", Verdict::good, 0, ""},                                  // 3.3.6: 415 further up
    {"regaut01", Verdict::good, 0, ""},                               // 3.3.7: 401 further up
    {"multi01", Verdict::answer, 400, "More than one"},               // 3.3.8
    {"mcl01", Verdict::answer, 400, "More than one Content-Length"},  // 3.3.9
    {"bcast", Verdict::good, 0, ""},                                  // 3.3.10: two Vias, dropped further up
    {"zeromf", Verdict::good, 0, ""},                                 // 3.3.11: 483 further up
    {"cparam01", Verdict::good, 0, ""},                               // 3.3.12
    {"cparam02", Verdict::good, 0, ""},                               // 3.3.13
    {"regescrt", Verdict::good, 0, ""},                               // 3.3.14
    {"sdp01", Verdict::good, 0, ""},                                  // 3.3.15: 406 further up
    {"inv2543", Verdict::good, 0, ""},                                // 3.4.1
};

Message good(std::string_view name) {
  Parsed parsed = parse_datagram(torture(name));
  INFO(name << ": " << parsed.why);
  REQUIRE(parsed.message);
  return *std::move(parsed.message);
}

}  // namespace

TEST_CASE("every kind of RFC 4475 gets its verdict", "[sip][torture]") {
  for (const Case& test : cases) {
    const Parsed parsed = parse_datagram(torture(test.name));
    INFO(test.name << ": " << parsed.why);
    CHECK(parsed.message.has_value() == (test.verdict == Verdict::good));
    if (test.verdict == Verdict::good) continue;
    CHECK(parsed.why.find(test.why) != std::string::npos);
    CHECK(parsed.error ==
          (test.verdict == Verdict::answer ? ParseError::malformed : ParseError::unanswerable));
    REQUIRE(parsed.reject.has_value() == (test.verdict == Verdict::answer));
    if (!parsed.reject) continue;
    CHECK(parsed.status == test.status);
    const Parsed answer =
        parse_datagram(make_response(*parsed.reject, parsed.status, parsed.why, "t").text());
    INFO(answer.why);
    REQUIRE(answer.message);
    CHECK(answer.message->status == test.status);
    CHECK(answer.message->reason == parsed.why);
    CHECK(answer.message->call_id == parsed.reject->call_id);
    CHECK_FALSE(answer.message->via.empty());
  }
}

TEST_CASE("no torture file is without a verdict", "[sip][torture]") {
  std::set<std::string> named;
  for (const Case& test : cases) named.emplace(test.name);
  for (const auto& entry : std::filesystem::directory_iterator(SWITCHROOM_SOURCE_DIR "/tests/sip/torture")) {
    if (entry.path().extension() == ".sip") CHECK(named.count(entry.path().stem().string()) == 1);
  }
  CHECK(named.size() == 49);
}

TEST_CASE("what parses survives printing and parsing again", "[sip][torture]") {
  for (const Case& test : cases) {
    if (test.verdict != Verdict::good) continue;
    INFO(test.name);
    const std::string once = good(test.name).text();
    const Parsed again = parse_datagram(once);
    INFO(once);
    INFO(again.why);
    REQUIRE(again.message);
    CHECK(again.message->text() == once);
  }
}

TEST_CASE("a short tortuous INVITE", "[sip][torture]") {
  const Message m = good("wsinv");
  CHECK(m.method == Method::invite);
  CHECK(m.request_uri.parameters.has("unknownparam"));
  CHECK(m.to.tag() == "1918181833n");
  CHECK(m.from.display == "L House \\\"");
  CHECK(m.from.tag() == "98asjd8");
  CHECK(m.max_forwards == 68U);
  CHECK(m.cseq.number == 9);
  REQUIRE(m.via.size() == 3);
  CHECK(m.via[0].transport == "UDP");
  CHECK(m.via[0].host == "192.0.2.2");
  CHECK(m.via[0].branch == "390skdjuw");
  CHECK(m.via[1].transport == "TCP");
  CHECK(m.via[1].host == "spindle.example.com");
  CHECK(m.via[1].branch == "z9hG4bK9ikj8");
  CHECK(m.via[2].branch == "z9hG4bK30239");
  REQUIRE(m.header("Subject"));
  CHECK(m.header("Subject")->empty());
  CHECK(*m.header("newfangledheader") == "newfangled value continued newfangled value");
  CHECK(*m.header("UnknownHeaderWithUnusualValue") == ";;,,;;,;");
  REQUIRE(m.route.size() == 1);
  CHECK(m.route[0].uri.host == "services.example.com");
  CHECK(m.route[0].uri.parameters.value("unknownwith") == "value");
  REQUIRE(m.contact.size() == 1);
  CHECK(m.contact[0].display == "Quoted string \"\"");
  CHECK(m.contact[0].parameters.value("newparam") == "newvalue");
  CHECK(m.contact[0].parameters.has("secondparam"));
  CHECK(m.contact[0].parameters.value("q") == "0.33");
  CHECK(m.content_type == "application/sdp");
  CHECK(m.body.substr(0, 3) == "v=0");
}

TEST_CASE("the wide range of valid characters", "[sip][torture]") {
  const Message m = good("intmeth");
  CHECK(m.method == Method::other);
  CHECK(m.method_token == "!interesting-Method0123456789_*+`.%indeed'~");
  CHECK(m.cseq.method_token == m.method_token);
  CHECK(m.request_uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  CHECK(m.request_uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  CHECK(m.to.display == std::string("BEL:\x07 NUL:\0 DEL:\x7f", 17));
  CHECK(m.from.display == "token1~` token2'+_ token3*%!.-");
  CHECK(m.from.tag() == "_token~1'+`*%!-.");
  CHECK(m.via[0].branch == "z9hG4bK-.!%66*_+`'~");
  CHECK(m.max_forwards == 255U);
  CHECK(m.header("extensionHeader-!.%*+_`'~") != nullptr);
  CHECK(m.text().find('\0') == std::string::npos);
}

TEST_CASE("escapes", "[sip][torture]") {
  const Message first = good("esc01");
  CHECK(first.request_uri.user == "sips:user@example.com");
  CHECK(first.request_uri.text() == "sip:sips%3Auser%40example.com@example.net");
  CHECK(first.to.uri.user == "user");
  CHECK(first.from.uri.user == "I have spaces");
  CHECK(first.contact[0].uri.user == "caller");
  CHECK(first.contact[0].uri.parameters.has("lr"));
  CHECK(first.contact[0].uri.parameters.value("name") == "value%2541");
  const Message second = good("escnull");
  CHECK(second.to.uri.user == std::string("null-\0-null", 11));
  CHECK(second.to.uri.text() == "sip:null-%00-null@example.com");
  REQUIRE(second.contact.size() == 2);
  CHECK_FALSE(second.contact[0].uri.same_target(second.contact[1].uri));
  const Message third = good("esc02");
  CHECK(third.method == Method::other);
  CHECK(third.method_token == "RE%47IST%45R");
  CHECK(third.to.display == "%Z%45");
  CHECK(good("semiuri").request_uri.user == "user;par=u@example.net");
  CHECK(good("semiuri").request_uri.text() == "sip:user;par=u%40example.net@example.com");
}

TEST_CASE("long values, bodies and reasons", "[sip][torture]") {
  CHECK(good("lwsdisp").from.display == "caller");
  const Message longest = good("longreq");
  CHECK(longest.via.size() == 33);
  CHECK(longest.to.uri.port == 6000);
  CHECK(good("dblreq").body.empty());
  const Message binary = good("mpart01");
  CHECK(binary.content_type == "multipart/mixed");
  CHECK(binary.content_parameters == ";boundary=7a9cbec02ceef655");
  CHECK(binary.body.find('\0') != std::string::npos);
  CHECK(good("transports").via[3].transport == "UNKNOWN");
  CHECK(good("unreason").reason.substr(0, 15) == "= 2**3 * 5**2 \xd0");
  CHECK(good("noreason").status == 100);
  CHECK(good("noreason").reason.empty());
  CHECK(good("bcast").via.size() == 2);
  CHECK(good("zeromf").max_forwards == 0U);
}

TEST_CASE("schemes, extensions and Contact parameters", "[sip][torture]") {
  CHECK(good("unkscm").request_uri.scheme == "nobodyknowsthisscheme");
  CHECK(good("unkscm").request_uri.user == "totallyopaquecontent");
  CHECK(good("novelsc").request_uri.text() == "soap.beep://192.0.2.103:3002");
  CHECK(good("unksm2").to.uri.text() == "isbn:2983792873");
  CHECK(good("bext01").requires_option("nothingsupportsthis"));
  CHECK(good("cparam01").contact[0].parameters.has("unknownparam"));
  CHECK_FALSE(good("cparam01").contact[0].uri.parameters.has("unknownparam"));
  CHECK(good("cparam02").contact[0].uri.parameters.has("unknownparam"));
  CHECK(good("regescrt").contact[0].uri.headers == "Route=%3Csip:sip.example.com%3E");
  const Message old = good("inv2543");
  CHECK_FALSE(old.max_forwards);
  CHECK(old.via[0].branch.empty());
  CHECK(old.from.tag().empty());
  CHECK(old.record_route[0].uri.parameters.value("maddr") == "ss1.example.com");
}
