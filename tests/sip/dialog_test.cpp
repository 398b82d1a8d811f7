#include "sip/dialog/dialog.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::sip;

namespace {

Flow flow(const char* address, std::uint16_t port, TransportKind kind = TransportKind::udp,
          ConnectionId id = 0) {
  return {kind, 1, {asio::ip::make_address(address), port}, id};
}

Message invite(const char* contact, const char* via_host = "192.0.2.7", std::uint16_t via_port = 5060) {
  Message m;
  m.method = Method::invite;
  m.method_token = "INVITE";
  m.request_uri = *parse_uri("sip:1002@198.51.100.1");
  m.via.push_back({"UDP", via_host, via_port, "z9hG4bKa", "", true, 0, {}});
  m.from = *parse_address("\"Alice\" <sip:1001@example.net>;tag=theirs");
  m.to = *parse_address("<sip:1002@example.net>");
  m.call_id = "c";
  m.cseq = {7, Method::invite, "INVITE"};
  m.contact = {*parse_address(contact)};
  return m;
}

Message with_contact(const char* contact) {
  Message m = invite(contact);
  return m;
}

Message ok_to(const Message& request, const char* contact) {
  Message m;
  m.is_request = false;
  m.status = 200;
  m.method = Method::invite;
  m.from = request.from;
  m.to = request.to;
  m.to.parameters.set("tag", "callee");
  m.contact = {*parse_address(contact)};
  return m;
}

}  // namespace

TEST_CASE("A peer that has proved where it is now is believed from another address, too") {
  Dialog d = Dialog::as_server(invite("<sip:1001@10.0.0.5:5062>"), "ours",
                               flow("192.0.2.7", 40001, TransportKind::tcp, 7));
  const Flow now = flow("198.51.100.20", 40002, TransportKind::tcp, 8);
  d.heard_by(now);
  CHECK(d.next_hop().connection == 7);
  d.move_to(now);
  CHECK(d.flow() == now);
  CHECK(d.next_hop() == now);
}

TEST_CASE("A dialog as server: ids, counters, routes") {
  Message m = invite("<sip:1001@192.0.2.7>");
  m.record_route = {*parse_address("<sip:192.0.2.7;lr>"), *parse_address("<sip:far.example.net;lr>")};
  Dialog d = Dialog::as_server(m, "ours", flow("192.0.2.7", 5060));
  CHECK(d.id() == DialogId{"c", "ours", "theirs"});
  const Message bye = d.make_request(Method::bye);
  CHECK(bye.request_uri.text() == "sip:1001@192.0.2.7");
  CHECK(bye.from.tag() == "ours");
  CHECK(bye.to.tag() == "theirs");
  REQUIRE(bye.route.size() == 2);
  CHECK(bye.route[0].uri.host == "192.0.2.7");
  CHECK(d.make_request(Method::bye).cseq.number == bye.cseq.number + 1);
  Message next = m;
  next.cseq.number = 8;
  CHECK(d.accept_sequence(next));
  CHECK_FALSE(d.accept_sequence(next));
  next.cseq.number = 6;
  CHECK_FALSE(d.accept_sequence(next));
}

TEST_CASE("A dialog as client: the route is the Record-Route read backwards") {
  const Message m = invite("<sip:box@198.51.100.1>");
  Message ok = ok_to(m, "<sip:1002@192.0.2.9>");
  ok.record_route = {*parse_address("<sip:far.example.net;lr>"), *parse_address("<sip:192.0.2.7;lr>")};
  Dialog d = Dialog::as_client(m, ok, flow("192.0.2.7", 5060));
  CHECK(d.id() == DialogId{"c", "theirs", "callee"});
  const Message ack = d.make_ack(7);
  CHECK(ack.cseq.number == 7);
  CHECK(ack.cseq.method == Method::ack);
  CHECK(ack.route.at(0).uri.host == "192.0.2.7");
  CHECK(ack.request_uri.host == "192.0.2.9");
  CHECK(d.make_request(Method::bye).cseq.number == 8);
  CHECK(d.next_hop() == flow("192.0.2.7", 5060));
  ok.record_route.clear();
  ok.contact = {*parse_address("<sip:1002@192.0.2.10>")};
  d.confirm(ok);
  CHECK(d.make_request(Method::bye).route.empty());
  CHECK(d.make_request(Method::bye).cseq.number == 10);
}

TEST_CASE("A strict router takes the request URI's place") {
  Message m = invite("<sip:1001@192.0.2.9>");
  m.record_route = {*parse_address("<sip:192.0.2.7>"), *parse_address("<sip:192.0.2.8;lr>")};
  Dialog d = Dialog::as_server(m, "ours", flow("192.0.2.7", 5060));
  const Message bye = d.make_request(Method::bye);
  CHECK(bye.request_uri.text() == "sip:192.0.2.7");
  REQUIRE(bye.route.size() == 2);
  CHECK(bye.route[0].uri.host == "192.0.2.8");
  CHECK(bye.route[1].uri.host == "192.0.2.9");
}

TEST_CASE("Where the next request goes: the flow, unless a reachable place is named") {
  const Flow from = flow("192.0.2.7", 5060);
  SECTION("as it came") {
    Dialog d = Dialog::as_server(invite("<sip:1001@192.0.2.7>"), "ours", from);
    CHECK(d.next_hop() == from);
    d.refresh_target(with_contact("<sip:1001@192.0.2.7:5070>"));
    CHECK(d.next_hop().remote.port == 5070);
    d.refresh_target(with_contact("<sip:1001@192.0.2.99>"));
    CHECK(d.next_hop().remote.address.to_string() == "192.0.2.99");
    d.refresh_target(with_contact("<sip:1001@phone.example.net>"));
    CHECK(d.next_hop() == from);
    d.refresh_target(with_contact("<tel:+4930>"));
    CHECK(d.remote_target().host == "phone.example.net");
    d.refresh_target(with_contact("<sip:1001@10.0.0.9>"));  // private, seen from a public place
    CHECK(d.next_hop() == from);
    d.refresh_target(with_contact("<sip:1001@[2001:db8::1]>"));
    CHECK(d.next_hop() == from);
    d.refresh_target(with_contact("<sip:1001@192.0.2.99;transport=tcp>"));
    CHECK(d.next_hop() == from);
    d.refresh_target(with_contact("<sip:1001@0.0.0.0>"));
    CHECK(d.next_hop() == from);
  }
  SECTION("the Contact is elsewhere from the start") {
    Dialog d = Dialog::as_server(invite("<sip:1001@192.0.2.99>"), "ours", from);
    CHECK(d.next_hop() == from);
  }
  SECTION("behind NAT the flow wins, whatever the phone writes later") {
    Dialog d = Dialog::as_server(invite("<sip:1001@192.168.1.5>", "192.168.1.5"), "ours",
                                 flow("203.0.113.4", 34567));
    CHECK(d.next_hop() == flow("203.0.113.4", 34567));
    d.refresh_target(with_contact("<sip:1001@192.0.2.99>"));
    CHECK(d.next_hop() == flow("203.0.113.4", 34567));
    Dialog port = Dialog::as_server(invite("<sip:1001@192.0.2.7>"), "ours", flow("192.0.2.7", 40000));
    CHECK(port.next_hop() == flow("192.0.2.7", 40000));
  }
  SECTION("a route set that names another place") {
    Message m = invite("<sip:1001@192.0.2.99>");
    m.record_route = {*parse_address("<sip:192.0.2.8:5080;lr>")};
    Dialog d = Dialog::as_server(m, "ours", from);
    CHECK(d.next_hop().remote.address.to_string() == "192.0.2.8");
    CHECK(d.next_hop().remote.port == 5080);
    m.record_route = {*parse_address("<sip:proxy.example.net;lr>")};
    CHECK(Dialog::as_server(m, "ours", from).next_hop() == from);
    m.record_route = {*parse_address("<sip:10.1.1.1;lr>")};
    CHECK(Dialog::as_server(m, "ours", from).next_hop() == from);
  }
  SECTION("a connection is kept, and re-opened at the port that listens") {
    Dialog d = Dialog::as_server(invite("<sip:1001@192.0.2.7:5060;transport=tcp>"), "ours",
                                 flow("192.0.2.7", 50123, TransportKind::tcp, 9));
    CHECK(d.next_hop().connection == 9);
    CHECK(d.next_hop().remote.port == 5060);
  }
  SECTION("the peer moved to another port or connection; a stranger did not") {
    Dialog d = Dialog::as_server(invite("<sip:1001@192.0.2.7>"), "ours", from);
    d.heard_by(flow("192.0.2.7", 5099));
    CHECK(d.next_hop().remote.port == 5099);
    d.heard_by(flow("203.0.113.66", 5060));
    CHECK(d.next_hop().remote.port == 5099);
  }
}
