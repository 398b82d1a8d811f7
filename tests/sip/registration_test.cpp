// The wire side of REGISTER. RFC 3261 10.3.
#include "sip/endpoint/registration.hpp"

#include <catch2/catch.hpp>

using namespace switchroom::sip;
using switchroom::config::Profile;

namespace {

Profile profile() {
  Profile made;
  made.name = "internal";
  made.min_expires = std::chrono::seconds(60);
  made.max_expires = std::chrono::seconds(3600);
  return made;
}

Message request(const std::string& headers) {
  const auto parsed = parse_datagram(
      "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n"
      "From: <sip:1001@pbx.example>;tag=a\r\nTo: <sip:1001@pbx.example>\r\nCall-ID: c1\r\nCSeq: 7 "
      "REGISTER\r\n" +
      headers + "Content-Length: 0\r\n\r\n");
  REQUIRE(parsed.message);
  return *parsed.message;
}

RegisterRequest accepted(const std::string& headers) {
  auto parsed = parse_register(request(headers), profile());
  REQUIRE(std::holds_alternative<RegisterRequest>(parsed));
  return std::get<RegisterRequest>(parsed);
}

int refused(const std::string& headers) {
  const auto parsed = parse_register(request(headers), profile());
  REQUIRE(std::holds_alternative<RegisterRefusal>(parsed));
  return std::get<RegisterRefusal>(parsed).status;
}

}  // namespace

TEST_CASE("a contact's own expiry wins over the header, which wins over the default") {
  CHECK(accepted("Contact: <sip:1001@192.0.2.7>;expires=120\r\nExpires: 600\r\n").contacts.at(0).expires ==
        120);
  CHECK(accepted("Contact: <sip:1001@192.0.2.7>\r\nExpires: 600\r\n").contacts.at(0).expires == 600);
  CHECK(accepted("Contact: <sip:1001@192.0.2.7>\r\n").contacts.at(0).expires == 3600);
  CHECK(accepted("Contact: <sip:1001@192.0.2.7>;expires=99999\r\n").contacts.at(0).expires == 3600);
}

TEST_CASE("too short an expiry is 423, zero removes") {
  CHECK(refused("Contact: <sip:1001@192.0.2.7>;expires=10\r\n") == 423);
  CHECK(accepted("Contact: <sip:1001@192.0.2.7>;expires=0\r\n").contacts.at(0).expires == 0);
}

TEST_CASE("several contacts, q, instance and reg-id are read") {
  const auto read = accepted(
      "Contact: <sip:1001@192.0.2.7;transport=tcp>;q=0.5;+sip.instance=\"<urn:uuid:1>\";reg-id=2, "
      "<sip:1001@192.0.2.8?Subject=x>\r\n");
  REQUIRE(read.contacts.size() == 2);
  CHECK(read.contacts[0].uri == "sip:1001@192.0.2.7;transport=tcp");
  CHECK(read.contacts[0].q == Approx(0.5));
  CHECK(read.contacts[0].instance == "<urn:uuid:1>");
  CHECK(read.contacts[0].reg_id == 2);
  CHECK(read.contacts[1].uri == "sip:1001@192.0.2.8");
  CHECK(read.extension == "1001");
  CHECK(read.cseq == 7);
}

TEST_CASE("a star removes all, alone and with Expires 0 only") {
  CHECK(accepted("Contact: *\r\nExpires: 0\r\n").remove_all);
  CHECK(refused("Contact: *\r\n") == 400);
  CHECK(refused("Contact: *\r\nExpires: 60\r\n") == 400);
}

TEST_CASE("a contact that is no sip address is refused, a question without contacts is not") {
  CHECK(refused("Contact: <mailto:bob@example.com>\r\n") == 400);
  CHECK(accepted("").contacts.empty());
}

TEST_CASE("Path is read proxy by proxy and comes back; one that cannot be followed is refused") {
  const auto read = accepted(
      "Contact: <sip:1001@10.0.0.7>\r\nPath: <sip:a@192.0.2.1;lr>,\r\n <sip:b.example:5070;lr;ob>;x=1\r\n"
      "Path: <sips:c.example;lr>\r\n");
  CHECK(read.path == std::vector<std::string>{"<sip:a@192.0.2.1;lr>", "<sip:b.example:5070;lr;ob>;x=1",
                                              "<sips:c.example;lr>"});
  const auto route = route_of(read.path);
  REQUIRE(route.size() == 3);
  CHECK(route[1].uri.host == "b.example");
  CHECK(route_of({"damaged", "<sip:a;lr>"}).size() == 1);
  CHECK(refused("Path: <sip:strict.example>\r\n") == 400);
  CHECK(refused("Path: edge\r\n") == 400);
  CHECK(refused("Path: <tel:+4930123;lr>\r\n") == 400);
  std::string many = "Path: <sip:a;lr>";
  for (int i = 0; i < 8; ++i) {
    many += ", <sip:a;lr>";
  }
  CHECK(refused(many + "\r\n") == 400);
  CHECK(refused("Path: <sip:" + std::string(260, 'a') + "@a;lr>\r\n") == 400);
  const auto answer =
      make_register_response(request("Path: <sip:a;lr>, <sip:b;lr>\r\nPath: <sip:c;lr>\r\n"), {});
  CHECK(answer.supports("path"));
  const auto text = answer.text();
  CHECK(text.find("Path: <sip:a;lr>, <sip:b;lr>\r\nPath: <sip:c;lr>\r\n") != std::string::npos);
  const auto no = make_register_response(request("Path: <sip:a;lr>\r\n"), {403, {}, {}}).text();
  CHECK(no.find("Path") == std::string::npos);
}

TEST_CASE(
    "a connection that is gone is made again to the Contact, or to the proxy that the REGISTER came from") {
  using switchroom::base::Endpoint;
  const Endpoint source{switchroom::asio::ip::make_address("198.51.100.1"), 40001};
  const auto contact = *parse_uri("sip:1001@192.0.2.7:5070");
  CHECK(reconnect_to(contact, {}, source).address.to_string() == "192.0.2.7");
  CHECK(reconnect_to(contact, {}, source).port == 5070);
  CHECK(reconnect_to(*parse_uri("sip:phone.example"), {}, source) == source);
  const auto elsewhere = route_of({"<sip:203.0.113.9:5099;lr>"});
  CHECK(reconnect_to(contact, elsewhere, source) == Endpoint{source.address, 5099});
  CHECK(reconnect_to(contact, route_of({"<sip:edge.example;lr>"}), source) == Endpoint{source.address, 5060});
}

TEST_CASE("the answer lists what is bound with the seconds left") {
  const auto response = make_register_response(
      request("Contact: <sip:1001@192.0.2.7>\r\n"),
      {200,
       {},
       {{"sip:1001@192.0.2.7", 90, 1.0, "", 0}, {"sip:1001@192.0.2.8", 30, 0.5, "<urn:uuid:1>", 2}}});
  CHECK(response.status == 200);
  const auto text = response.text();
  CHECK(text.find("<sip:1001@192.0.2.7>;expires=90") != std::string::npos);
  CHECK(text.find("<sip:1001@192.0.2.8>;expires=30;q=0.5;+sip.instance=\"<urn:uuid:1>\";reg-id=2") !=
        std::string::npos);
}
