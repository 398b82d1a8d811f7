// Messages: read, printed, framed, answered.
#include "sip/message/message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace switchroom::sip;

namespace {

const std::string head = "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1";

/// An OPTIONS with `extra` lines (each ended by CRLF) among its headers.
std::string options(const std::string& extra = "", const std::string& body = "") {
  return "OPTIONS sip:1002@example.com SIP/2.0\r\nVia: " + head +
         "\r\nFrom: <sip:1001@example.com>;tag=a\r\nTo: <sip:1002@example.com>\r\nCall-ID: c1@192.0.2.1\r\n"
         "CSeq: 5 OPTIONS\r\n" +
         extra + "\r\n" + body;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Message good(const std::string& bytes) {
  Parsed parsed = parse_datagram(bytes);
  INFO(bytes);
  INFO(parsed.why);
  REQUIRE(parsed.message);
  return *std::move(parsed.message);
}

Message with(const std::string& extra) { return good(options(extra)); }

}  // namespace

TEST_CASE("a request is read into fields", "[sip][message]") {
  const Message m = with(
      "Max-Forwards: 70\r\nm: \"B\" <sip:b@192.0.2.2:5062>;expires=60, <sip:c@[2001:db8::1]>\r\n"
      "Route: <sip:p1;lr>, <sip:p2;lr>\r\nRoute: <sip:p3;lr>\r\nRecord-Route: <sip:p4;lr>\r\n"
      "Expires: 3600\r\nMin-Expires: 60\r\nRequire: 100rel\r\nk: Timer, replaces\r\nSupported: PATH,,\r\n"
      "Allow: INVITE, ack\r\nAllow: BYE\r\nRSeq: 988789\r\nRAck: 776656 1 INVITE\r\n"
      "x: 1800 ; refresher = UAC\r\nMin-SE: 90;x=y\r\nAuthorization: Digest a=b, c=d\r\n"
      "Proxy-Authorization: Digest e=f\r\nWWW-Authenticate: Digest g=h\r\nProxy-Authenticate: Digest i=j\r\n"
      "c: Application/SDP ; charset=UTF-8\r\nUSER-AGENT: Phone 1\r\nr: <sip:d@e>\r\nX-Foo:  bar \r\n"
      "retry-after: 18000;duration=3600\r\nReason: Q.850;cause=16\r\nPrivacy: id\r\nDiversion: "
      "<sip:z@y>;reason=unknown\r\n"
      "p-asserted-identity: \"A\" <sip:a@b>, <tel:+1201>\r\nDate: Sat, 29 Feb 2020 10:00:00 GMT\r\n");
  CHECK(m.is_request);
  CHECK(m.method == Method::options);
  CHECK(m.request_uri.text() == "sip:1002@example.com");
  CHECK(m.cseq.number == 5);
  CHECK(m.call_id == "c1@192.0.2.1");
  CHECK(m.from.tag() == "a");
  CHECK(m.max_forwards == 70U);
  REQUIRE(m.contact.size() == 2);
  CHECK(m.contact[0].display == "B");
  CHECK(m.contact[0].parameters.value("expires") == "60");
  CHECK(m.contact[1].uri.host == "2001:db8::1");
  CHECK_FALSE(m.contact_star);
  REQUIRE(m.route.size() == 3);
  CHECK(m.route[2].uri.host == "p3");
  CHECK(m.record_route.size() == 1);
  CHECK(m.expires == 3600U);
  CHECK(m.min_expires == 60U);
  CHECK(m.require == std::vector<std::string>{"100rel"});
  CHECK(m.supported == std::vector<std::string>{"timer", "replaces", "path"});
  CHECK(m.supports("TIMER"));
  CHECK_FALSE(m.supports("100rel"));
  CHECK(m.requires_option("100rel"));
  CHECK(m.allow == std::vector<std::string>{"INVITE", "ack", "BYE"});
  CHECK(m.allows(Method::bye));
  CHECK_FALSE(m.allows(Method::ack));  // methods have case
  CHECK_FALSE(m.allows(Method::other));
  CHECK(m.rseq == 988789U);
  REQUIRE(m.rack);
  CHECK(m.rack->first == 776656);
  CHECK(m.rack->second.method == Method::invite);
  REQUIRE(m.session_expires);
  CHECK(m.session_expires->seconds == 1800);
  CHECK(m.session_expires->refresher == "uac");
  CHECK(m.min_se == 90U);
  CHECK(m.authorization == std::vector<std::string>{"Digest a=b, c=d"});
  CHECK(m.proxy_authorization.size() == 1);
  CHECK(m.www_authenticate.size() == 1);
  CHECK(m.proxy_authenticate.size() == 1);
  CHECK(m.content_type == "application/sdp");
  CHECK(m.content_parameters == "; charset=UTF-8");
  REQUIRE(m.headers.size() == 9);
  CHECK(m.headers[0].name == "User-Agent");
  CHECK(m.headers[1].name == "Refer-To");
  CHECK(m.headers[2].name == "X-Foo");
  CHECK(m.headers[2].value == "bar");
  CHECK(m.headers[3].name == "Retry-After");
  CHECK(m.headers[7].name == "P-Asserted-Identity");
  CHECK(*m.header("r") == "<sip:d@e>");
  CHECK(*m.header("x-foo") == "bar");
  CHECK(m.header("X-Bar") == nullptr);
  CHECK(good(m.text()).text() == m.text());
}

TEST_CASE("a response is read into fields", "[sip][message]") {
  const Message m =
      good(replaced(options(), "OPTIONS sip:1002@example.com SIP/2.0", "sip/2.0 486 Busy  here"));
  CHECK_FALSE(m.is_request);
  CHECK(m.status == 486);
  CHECK(m.reason == "Busy  here");
  CHECK(m.method == Method::options);
  CHECK(good(replaced(options(), "OPTIONS sip:1002@example.com SIP/2.0", "SIP/2.0 200")).reason.empty());
  for (const char* line :
       {"SIP/2.0 99 X", "SIP/2.0 700 X", "SIP/2.0 20 X", "SIP/2.0 2000 X", "SIP/2.0 200X", "SIP/2.0 -200 X",
        "SIP/2.0  200 X", "SIP/2.0", "SIP/3.0 200 OK", "SIP/2.0 0200 OK"}) {
    INFO(line);
    const Parsed parsed = parse_datagram(replaced(options(), "OPTIONS sip:1002@example.com SIP/2.0", line));
    CHECK(parsed.error == ParseError::unanswerable);
    CHECK_FALSE(parsed.message);
    CHECK_FALSE(parsed.reject);
  }
}

TEST_CASE("Vias", "[sip][message]") {
  const auto via = [](const std::string& value) { return good(replaced(options(), head, value)).via; };
  const auto one =
      via("SIP/2.0/tls [2001:DB8::9]:5061;rport;branch=z9hG4bKx;received=192.0.2.9;maddr=1.2.3.4;x=\"y z\"");
  REQUIRE(one.size() == 1);
  CHECK(one[0].transport == "TLS");
  CHECK(one[0].host == "2001:db8::9");
  CHECK(one[0].port == 5061);
  CHECK(one[0].wants_rport);
  CHECK(one[0].rport == 0);
  CHECK(one[0].received == "192.0.2.9");
  CHECK(one[0].others.value("maddr") == "1.2.3.4");
  CHECK(one[0].others.value("x") == "y z");
  const auto two =
      via("SIP/2.0/UDP a;rport=5070;branch=1 , SIP/2.0/WSS xyz.invalid\r\nVia: SIP/2.0/UDP "
          "c;received=2001:db8::1");
  REQUIRE(two.size() == 3);
  CHECK(two[0].rport == 5070);
  CHECK_FALSE(two[0].wants_rport);
  CHECK(two[1].transport == "WSS");
  CHECK(two[2].received == "2001:db8::1");
  for (const char* bad :
       {"", "SIP/2.0/UDP", "SIP/2.0 a", "SIP/2.0/UDP a:70000", "SIP/2.0/UDP a:x", "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP ::1", "SIP/2.0/UDP [::g]", "SIP/2.0/UDP a b", "SIP/2.0/UDP a;;", "SIP/2.0/UDP a,,b",
        "SIP/2.0/UDP a;x=\"y", "SIP/3.0/UDP a", "SIP/2.0/UDP a%41", "SIP/2.0/UDP a(c", "HTTP/2.0/UDP a"}) {
    INFO(bad);
    CHECK_FALSE(parse_datagram(replaced(options(), head, bad)).message);
  }
}

TEST_CASE("Contact: *", "[sip][message]") {
  CHECK(with("Contact: *\r\n").contact_star);
  CHECK(with("Contact: *\r\n").text().find("\r\nContact: *\r\n") != std::string::npos);
  for (const char* bad :
       {"Contact: *, <sip:a@b>\r\n", "Contact: <sip:a@b>, *\r\n", "Contact: *\r\nContact: <sip:a@b>\r\n",
        "Contact: <sip:a@b>\r\nContact: *\r\n", "Contact: *\r\nContact: *\r\n", "Contact: *;expires=0\r\n"}) {
    INFO(bad);
    CHECK_FALSE(parse_datagram(options(bad)).message);
  }
}

TEST_CASE("bad values are refused with words", "[sip][message]") {
  struct Case {
    const char* extra;
    const char* why;
  };
  constexpr Case cases[] = {
      {"Max-Forwards: 256\r\n", "Bad Max-Forwards header"},
      {"Max-Forwards: -1\r\n", "Bad Max-Forwards header"},
      {"Max-Forwards: \r\n", "Bad Max-Forwards header"},
      {"Max-Forwards: 1\r\nMax-Forwards: 1\r\n", "More than one Max-Forwards header"},
      {"CSeq: 5 OPTIONS\r\n", "More than one CSeq header"},
      {"f: <sip:x@y>\r\n", "More than one From header"},
      {"i: other\r\n", "More than one Call-ID header"},
      {"Content-Length: 0\r\nl: 0\r\n", "More than one Content-Length header"},
      {"Content-Length: 1\r\n", "Content-Length larger than the body"},
      {"Content-Length: 99999999999999999999\r\n", "Bad Content-Length header"},
      {"Content-Length: 0x\r\n", "Bad Content-Length header"},
      {"Content-Type: sdp\r\n", "Bad Content-Type header"},
      {"Content-Type: a b/c\r\n", "Bad Content-Type header"},
      {"RSeq: 4294967296\r\n", "Bad RSeq header"},
      {"RAck: 1 INVITE\r\n", "Bad RAck header"},
      {"RAck: 1 2 \r\n", "Bad RAck header"},
      {"Session-Expires: x\r\n", "Bad Session-Expires header"},
      {"Session-Expires: 90;refresher=me\r\n", "Bad Session-Expires header"},
      {"Min-SE: x\r\n", "Bad Min-SE header"},
      {"Min-Expires: x\r\n", "Bad Min-Expires header"},
      {"Route: <sip:p1\r\n", "Bad Route header"},
      {"Route: <nothing>\r\n", "Bad Route header"},
      {"Supported: a b\r\n", "Bad Supported header"},
      {"Require: \"x\"\r\n", "Bad Require header"},
      {"Allow: IN VITE\r\n", "Bad Allow header"},
      {"no colon\r\n", "Malformed: header line without a colon"},
      {"a b: c\r\n", "Malformed: bad header name"},
      {": c\r\n", "Malformed: bad header name"},
  };
  for (const Case& test : cases) {
    INFO(test.extra);
    const Parsed parsed = parse_datagram(options(test.extra));
    CHECK(parsed.why == test.why);
    CHECK(parsed.error == ParseError::malformed);
    CHECK(parsed.status == 400);
    REQUIRE(parsed.reject);
    CHECK(parsed.reject->cseq.method == Method::options);
    CHECK(parsed.reject->via[0].branch == "z9hG4bK1");
    CHECK(parsed.reject->from.tag() == "a");
  }
}

TEST_CASE("the five headers that every message needs", "[sip][message]") {
  for (const char* name : {"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "}) {
    std::string text = options();
    const std::size_t at = text.find(name);
    text.erase(at, text.find("\r\n", at) + 2 - at);
    INFO(name);
    const Parsed parsed = parse_datagram(text);
    CHECK(parsed.why.find("Missing") == 0);
    const std::string_view which(name);
    const bool answerable = which != "Via: " && which != "CSeq: ";  // RFC 4475 3.3.1
    CHECK(parsed.error == (answerable ? ParseError::malformed : ParseError::unanswerable));
    REQUIRE(parsed.reject.has_value() == answerable);
    if (answerable) {
      CHECK(parse_datagram(make_response(*parsed.reject, 400, parsed.why, "t").text()).message);
    }
  }
}

TEST_CASE("what can still be said of a malformed request", "[sip][message]") {
  const auto reject = [](std::string_view from, std::string_view to) {
    const Parsed parsed = parse_datagram(replaced(options(), from, to));
    INFO(to);
    REQUIRE(parsed.reject);
    return *parsed.reject;
  };
  CHECK(reject("<sip:1001@example.com>;tag=a", "\"x <sip:1001@example.com> ; tag = q7").from.tag() == "q7");
  CHECK(reject("<sip:1001@example.com>;tag=a", "\"x <sip:1001@example.com>").from.uri.user == "1001");
  CHECK(reject("<sip:1001@example.com>;tag=a", "<<<").from.text() == "<sip:invalid>");
  CHECK(reject("5 OPTIONS", "99999999999 OPTIONS").cseq.number == 4294967295U);
  CHECK(reject("5 OPTIONS", "5 INVITE").cseq.method == Method::invite);
  CHECK(reject("c1@192.0.2.1", "c1 c2").call_id == "c1");
  const Via via = reject(head, "SIP/2.0/UDP 192.0.2.1:5070;;rport;branch=z9hG4bK7;x=\"").via[0];
  CHECK(via.branch == "z9hG4bK7");
  CHECK(via.port == 5070);
  CHECK(via.wants_rport);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string_view, std::string_view>>{{head, "nonsense"},
                                                                  {"5 OPTIONS", "x OPTIONS"},
                                                                  {"5 OPTIONS", "5"},
                                                                  {"c1@192.0.2.1", ""},
                                                                  {"c1@192.0.2.1", "\x01"},
                                                                  {"5 OPTIONS", "5 O(P"}}) {
    INFO(to);
    CHECK(parse_datagram(replaced(options(), from, to)).error == ParseError::unanswerable);
  }
  // ACK is never answered.
  const std::string ack =
      replaced(replaced(options("Max-Forwards: x\r\n"), "OPTIONS", "ACK"), "5 OPTIONS", "5 ACK");
  CHECK(parse_datagram(ack).error == ParseError::unanswerable);
}

TEST_CASE("request lines", "[sip][message]") {
  const auto parsed = [](const std::string& line) {
    return parse_datagram(replaced(options(), "OPTIONS sip:1002@example.com SIP/2.0", line));
  };
  for (const char* line :
       {"OPTIONS sip:a@b sip/2.0", "OPTIONS sip:a@b Sip/2.0", "OPTIONS sip:sip/1@b sIP/2.0"}) {
    INFO(line);
    CHECK(parsed(line).message);  // 7.1: the version has no case
  }
  CHECK(parsed("OPTIONS sip:a@b sip/3.0").status == 505);
  CHECK(parsed("OPTIONS sip:a@b sip").error == ParseError::not_sip);
  CHECK(parsed("OPTIONS sip:a@b p/2.0").error == ParseError::not_sip);
  CHECK(parsed("OPTIONS sip:" + std::string(max_uri - 6, 'a') + "@b SIP/2.0").message);
  const auto too_long = parsed("OPTIONS sip:" + std::string(max_uri - 5, 'a') + "@b SIP/2.0");
  CHECK(too_long.status == 414);
  CHECK(too_long.error == ParseError::malformed);
  CHECK(parsed("OPTIONS sip:a@b SIP/2.1").status == 505);
  CHECK(parsed("OPTIONS sip:a@b SIP/2.0.1").status == 505);
  for (const char* line : {"OPTIONS  sip:a@b SIP/2.0", "OPTIONS sip:a@b  SIP/2.0", "OPTIONS sip:a@b SIP/2.0 ",
                           "OPTIONS SIP/2.0", "OPTIONS sip:a@b\tSIP/2.0", "OPTIONS 1002@b SIP/2.0",
                           "OPTIONS * SIP/2.0", "OPTIONS sip:a@b?x=y SIP/2.0"}) {
    INFO(line);
    CHECK(parsed(line).error == ParseError::malformed);
    CHECK(parsed(line).status == 400);
  }
  for (const char* line : {"GET / HTTP/1.1", "hello", "OPT(IONS sip:a@b SIP/2.0", " OPTIONS sip:a@b SIP/2.0",
                           "SIP/", "\x16\x03\x01"}) {
    INFO(line);
    CHECK(parsed(line).error != ParseError::malformed);
    CHECK_FALSE(parsed(line).message);
  }
  CHECK(parsed("options sip:a@b SIP/2.0").why == "CSeq does not match the method");
  CHECK(parsed("OPTIONS tel:+1201 SIP/2.0").message->request_uri.user == "+1201");
}

TEST_CASE("keep-alives and empty datagrams", "[sip][message]") {
  for (const std::string& bytes : {std::string(), std::string("\r\n\r\n"), std::string("\0", 1),
                                   std::string("\r\n"), std::string("\0\0\0\0", 4)}) {
    CHECK(parse_datagram(bytes).error == ParseError::empty);
    CHECK_FALSE(parse_datagram(bytes).message);
  }
  CHECK(parse_datagram("\r\n\r\n" + options()).message);
  CHECK(parse_datagram("jaK").error == ParseError::not_sip);
}

TEST_CASE("the body ends where Content-Length says", "[sip][message]") {
  CHECK(good(options("", "rest")).body == "rest");
  CHECK(good(options("Content-Length: 2\r\n", "rest")).body == "re");
  CHECK(good(options("Content-Length: 0004\r\n", "rest")).body == "rest");
  const std::string binary("a\0b\r\n\r\n\xff", 8);
  CHECK(good(options("", binary)).body == binary);
  CHECK(good(good(options("", binary)).text()).body == binary);
  CHECK(parse_datagram(options().substr(0, options().size() - 2)).why ==
        "Malformed: no blank line after the headers");
  for (std::size_t n = 0; n + 1 < options().size(); ++n)
    CHECK_FALSE(parse_datagram(options().substr(0, n)).message);
}

TEST_CASE("line ends and folding", "[sip][message]") {
  std::string bare = options("Subject: a\r\n b\r\n\t c  \r\nXy: y\r\n", "z");
  CHECK(*good(bare).header("Subject") == "a b c");
  CHECK(*good(bare).header("Xy") == "y");
  std::string::size_type at = 0;
  while ((at = bare.find('\r')) != std::string::npos) bare.erase(at, 1);
  CHECK(*good(bare).header("Subject") == "a b c");
  CHECK(good(bare).body == "z");
  CHECK(with("Subject:\r\n \r\nXy: y\r\n").header("Subject")->empty());
  const Message odd = with("Xy: a\rEvil: 1\r\n");
  CHECK(*odd.header("Xy") == "a Evil: 1");
}

TEST_CASE("bounds", "[sip][message]") {
  const auto many = [](const std::string& line, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += line;
    return out;
  };
  CHECK(parse_datagram(options(many("Xy: y\r\n", max_header_lines - 5))).message);
  CHECK(parse_datagram(options(many("Xy: y\r\n", max_header_lines - 4))).why ==
        "Malformed: too many header lines");
  CHECK(parse_datagram(options("Xy: " + std::string(max_header_value, 'a') + "\r\n")).message);
  CHECK(parse_datagram(options("Xy: " + std::string(max_header_value + 1, 'a') + "\r\n")).why ==
        "Malformed: header too long");
  CHECK(parse_datagram(options("Xy: a\r\n" + many(" " + std::string(1000, 'b') + "\r\n", 9))).why ==
        "Malformed: header too long");
  CHECK(parse_datagram(options("Route: " + many("<sip:a>,", max_header_elements) + "\r\n")).message);
  CHECK(parse_datagram(options("Route: " + many("<sip:a>,", max_header_elements + 1) + "\r\n")).why ==
        "Bad Route header");
  CHECK(parse_datagram(options("Via: SIP/2.0/UDP a" + many(", SIP/2.0/UDP a", max_header_elements) + "\r\n"))
            .why == "Bad Via header");
  CHECK(parse_datagram(options("Supported: " + many("a,", max_header_elements + 1) + "\r\n")).why ==
        "Bad Supported header");
  CHECK(parse_datagram(options(many("Authorization: Digest a=b\r\n", max_header_elements + 1))).why ==
        "Bad Authorization header");
  // Thousands of commas and brackets cost neither stack nor time.
  CHECK(parse_datagram(options("Contact: " + std::string(8000, ',') + "\r\n")).message);
  CHECK_FALSE(parse_datagram(options("Contact: " + std::string(8000, '<') + "\r\n")).message);
  CHECK_FALSE(parse_datagram(options("Via: " + std::string(8000, ',') + "\r\n")).message);
  CHECK_FALSE(parse_datagram(options("Contact: " + many("\"<", 4000) + "\r\n")).message);
  CHECK_FALSE(parse_datagram(options("Contact: <sip:a@b>" + many(";", 8000) + "\r\n")).message);
  const Parsed large = parse_datagram(options("", std::string(70000, 'x')));
  CHECK(large.status == 513);
  CHECK(large.error == ParseError::malformed);
  REQUIRE(large.reject);
  CHECK(parse_datagram(options("", std::string(max_message - options().size(), 'x'))).message);
}

TEST_CASE("numbers of registrations are lenient", "[sip][message]") {
  CHECK(with("Expires: 99999999999999\r\n").expires == 4294967295U);
  CHECK_FALSE(with("Expires: Thu, 01 Dec 1994 16:00:00 GMT\r\n").expires);
  CHECK(with("Expires: 60;x=y\r\n").expires == 60U);
  CHECK_FALSE(with("").max_forwards);
}

TEST_CASE("a printed message has all its fields", "[sip][message]") {
  Message m;
  m.method = Method::invite;
  m.method_token = "INVITE";
  m.request_uri = *parse_uri("sip:1002@192.0.2.7:5062;transport=tcp");
  m.via.push_back({.transport = "TCP",
                   .host = "2001:db8::1",
                   .port = 5060,
                   .branch = "z9hG4bKq",
                   .received = "",
                   .wants_rport = true});
  m.from = *parse_address("\"A\" <sip:1001@pbx>;tag=1");
  m.to = *parse_address("<sip:1002@pbx>");
  m.call_id = "x@y";
  m.cseq = {.number = 1, .method = Method::invite, .method_token = "INVITE"};
  m.max_forwards = 70;
  m.contact.push_back(*parse_address("<sip:pbx:5060>"));
  m.route.push_back(*parse_address("<sip:p;lr>"));
  m.supported = {"timer", "100rel"};
  m.allow = {"INVITE", "BYE"};
  m.session_expires = Message::SessionExpires{.seconds = 1800, .refresher = "uas"};
  m.rack.emplace(3, CSeq{.number = 1, .method = Method::invite, .method_token = "INVITE"});
  m.add_header("user-agent", "Switchroom");
  m.content_type = "application/sdp";
  m.content_parameters = "x=y";
  m.body = "v=0\r\n";
  CHECK(m.text() ==
        "INVITE sip:1002@192.0.2.7:5062;transport=tcp SIP/2.0\r\n"
        "Via: SIP/2.0/TCP [2001:db8::1]:5060;rport;branch=z9hG4bKq\r\n"
        "Max-Forwards: 70\r\nRoute: <sip:p;lr>\r\nFrom: \"A\" <sip:1001@pbx>;tag=1\r\nTo: <sip:1002@pbx>\r\n"
        "Call-ID: x@y\r\nCSeq: 1 INVITE\r\nContact: <sip:pbx:5060>\r\nSupported: timer, 100rel\r\n"
        "Allow: INVITE, BYE\r\nRAck: 3 1 INVITE\r\nSession-Expires: 1800;refresher=uas\r\n"
        "User-Agent: Switchroom\r\nContent-Type: application/sdp;x=y\r\nContent-Length: 5\r\n\r\nv=0\r\n");
}

TEST_CASE("no value ends its line", "[sip][message]") {
  const std::string evil("e\r\nEvil: 1\r\n\r\n\0", 15);
  Message m = with("");
  m.method = Method::other;
  m.method_token = evil;
  m.cseq = {.number = 1, .method = Method::other, .method_token = evil};
  m.call_id = evil;
  m.via[0].host = m.via[0].transport = m.via[0].branch = m.via[0].received = evil;
  m.via[0].others.set(evil, evil);
  m.from.display = m.from.uri.user = m.from.uri.host = m.from.uri.scheme = m.from.uri.headers = evil;
  m.from.parameters.set(evil, evil);
  m.request_uri.parameters.set(evil, evil);
  m.request_uri.password = evil;
  m.require = m.supported = m.allow = {evil};
  m.session_expires = Message::SessionExpires{.seconds = 1, .refresher = evil};
  m.authorization = m.proxy_authorization = m.www_authenticate = m.proxy_authenticate = {evil};
  m.content_type = m.content_parameters = evil;
  m.add_header(evil, evil);
  m.headers.push_back({evil, evil});
  for (const bool is_request : {true, false}) {
    m.is_request = is_request;
    m.reason = evil;
    m.status = 200;
    const std::string text = m.text();
    INFO(text);
    CHECK(text.find("\nEvil") == std::string::npos);
    CHECK(text.find('\0') == std::string::npos);
    CHECK(text.find("\r\n\r\n") == text.size() - 4);
  }
}

TEST_CASE("responses follow from requests", "[sip][message]") {
  const Message request =
      with("Via: SIP/2.0/UDP second;branch=2\r\nRecord-Route: <sip:p;lr>\r\nTimestamp: 54\r\nXy: y\r\n");
  const Message ok = make_response(request, 200, {}, "tag1");
  CHECK_FALSE(ok.is_request);
  CHECK(ok.reason == "OK");
  CHECK(ok.via.size() == 2);
  CHECK(ok.to.tag() == "tag1");
  CHECK(ok.from.text() == request.from.text());
  CHECK(ok.call_id == request.call_id);
  CHECK(ok.cseq.number == 5);
  CHECK(ok.method == Method::options);
  CHECK(ok.record_route.size() == 1);
  CHECK(ok.header("Xy") == nullptr);
  CHECK(ok.header("Timestamp") == nullptr);
  const Message trying = make_response(request, 100);
  CHECK(trying.to.tag().empty());
  CHECK(trying.record_route.empty());
  CHECK(*trying.header("Timestamp") == "54");
  CHECK(make_response(request, 404, "Nobody\r\nhere").text().find("SIP/2.0 404 Nobody  here\r\n") == 0);
  CHECK(make_response(request, 486).record_route.empty());
  Message inside = request;
  inside.to.parameters.set("tag", "old");
  CHECK(make_response(inside, 200, {}, "new").to.tag() == "old");
  CHECK(standard_reason(481) == "Call/Transaction Does Not Exist");
  CHECK(standard_reason(499) == "Request Failure");
  CHECK(standard_reason(699) == "Global Failure");
}

TEST_CASE("ACK and CANCEL follow from the INVITE", "[sip][message]") {
  Message invite =
      with("Via: SIP/2.0/UDP second;branch=2\r\nRoute: <sip:p;lr>\r\nRequire: 100rel\r\nXy: y\r\n");
  invite.method = Method::invite;
  invite.method_token = "INVITE";
  const Message ack = make_ack(invite, make_response(invite, 486, {}, "t9"));
  CHECK(ack.text() ==
        "ACK sip:1002@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
        "192.0.2.1:5070;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
        "Route: <sip:p;lr>\r\nFrom: <sip:1001@example.com>;tag=a\r\nTo: <sip:1002@example.com>;tag=t9\r\n"
        "Call-ID: c1@192.0.2.1\r\nCSeq: 5 ACK\r\nContent-Length: 0\r\n\r\n");
  const Message cancel = make_cancel(invite);
  CHECK(cancel.method == Method::cancel);
  CHECK(cancel.cseq.number == 5);
  CHECK(cancel.cseq.method == Method::cancel);
  CHECK(cancel.via.size() == 1);
  CHECK(cancel.to.tag().empty());
  CHECK(cancel.require.empty());
  CHECK(cancel.route.size() == 1);
}

TEST_CASE("methods have names", "[sip][message]") {
  for (int i = 0; i < static_cast<int>(Method::other); ++i) {
    const auto method = static_cast<Method>(i);
    CHECK_FALSE(name(method).empty());
    CHECK(method_of(name(method)) == method);
  }
  CHECK(name(Method::registration) == "REGISTER");
  CHECK(name(Method::other).empty());
  CHECK(method_of("invite") == Method::other);
  CHECK(method_of("") == Method::other);
}
