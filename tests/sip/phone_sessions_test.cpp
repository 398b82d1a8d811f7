// Which call a phone that registers anew finds again, and which it does not.
#include "sip/endpoint/phone_sessions.hpp"

#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;

namespace {

constexpr bool still_open = true;
constexpr bool gone = false;

Flow flow(TransportKind kind, std::uint16_t port, ConnectionId connection) {
  return {kind, 1, {asio::ip::make_address("192.0.2.7"), port}, connection};
}
const Flow tcp_before = flow(TransportKind::tcp, 40001, 7);
const Flow tcp_now = flow(TransportKind::tcp, 40002, 8);

Phone phone(const std::string& instance = {}) {
  return {"1002", *parse_uri("sip:1002@10.0.0.5:5062;transport=tcp"), instance};
}

ContactBinding contact(const std::string& uri, const std::string& instance = {}, std::uint32_t expires = 60) {
  ContactBinding binding;
  binding.uri = uri;
  binding.instance = instance;
  binding.expires = expires;
  return binding;
}
const ContactBinding same = contact("sip:1002@10.0.0.5:5062;transport=tcp;ob");

}  // namespace

TEST_CASE("a phone that is known by its Contact alone takes a call whose connection is gone") {
  CHECK(is_phone_again(phone(), same, tcp_before, gone, tcp_now));
  CHECK_FALSE(
      is_phone_again(phone(), same, tcp_before, still_open, tcp_now));  // another phone, behind another NAT
  CHECK_FALSE(
      is_phone_again(phone(), contact("sip:1002@10.0.0.6:5062;transport=tcp"), tcp_before, gone, tcp_now));
  CHECK_FALSE(is_phone_again(phone(), contact("sip:1002@10.0.0.5:5062;transport=tcp", {}, 0), tcp_before,
                             gone, tcp_now));
  CHECK_FALSE(is_phone_again(phone(), same, tcp_now, gone, tcp_now));
  const Flow udp = flow(TransportKind::udp, 5062, 0);
  CHECK_FALSE(is_phone_again(phone(), same, udp, gone, flow(TransportKind::udp, 5063, 0)));
}

TEST_CASE("a device is known by its instance, whatever its Contact, and by nothing else if it has one") {
  const auto moved = contact("sip:1002@10.0.0.5:61000;transport=tcp", "<urn:uuid:1>");
  CHECK(is_phone_again(phone("<urn:uuid:1>"), moved, tcp_before, still_open, tcp_now));
  CHECK(is_phone_again(phone("<urn:uuid:1>"), moved, flow(TransportKind::udp, 5062, 0), gone,
                       flow(TransportKind::udp, 5063, 0)));
  CHECK_FALSE(is_phone_again(phone("<urn:uuid:2>"), moved, tcp_before, gone, tcp_now));
  auto twin = same;
  twin.instance = "<urn:uuid:2>";
  CHECK_FALSE(is_phone_again(phone("<urn:uuid:1>"), twin, tcp_before, gone, tcp_now));
}

TEST_CASE("a call by TLS does not leave it") {
  const auto device = contact("sip:1002@10.0.0.5", "<urn:uuid:1>");
  const Flow tls = flow(TransportKind::tls, 40001, 7);
  CHECK_FALSE(is_phone_again(phone("<urn:uuid:1>"), device, tls, gone, tcp_now));
  CHECK(is_phone_again(phone("<urn:uuid:1>"), device, tls, gone, flow(TransportKind::tls, 40002, 8)));
}

TEST_CASE("a session that has moved says everything by the new flow") {
  session_test::Bench b;
  PhoneSessions phones;
  RegisterRequest request;
  request.flow = session_test::udp_flow("192.0.2.99", 6000);
  request.contacts = {contact("sip:any@192.0.2.99", "<urn:uuid:1>")};
  const auto yes = [](const Flow&) { return true; };
  const auto closed = [](ConnectionId) { return false; };
  SECTION("in a call") {
    b.talk_as_client();
    const auto place = phones.add({"1002", *parse_uri("sip:1002@h"), "<urn:uuid:1>"}, *b.session);
    request.extension = "1001";
    phones.on_registered(request, yes, closed);
    CHECK(b.session->flow() == session_test::peer_flow);  // another extension
    request.extension = "1002";
    phones.on_registered(request, [](const Flow&) { return false; }, closed);
    CHECK(b.session->flow() == session_test::peer_flow);
    phones.on_registered(request, yes, closed);
    CHECK(b.session->flow() == request.flow);
    b.session->send_offer("new");
    CHECK(b.layer.sent.back().to == request.flow);
    b.session->hang_up();
    CHECK(b.request(Method::bye).to == request.flow);
    phones.remove(place);
    phones.on_registered(request, yes, closed);
  }
  SECTION("while it rings: the ACK and what follows") {
    b.outgoing();
    b.reply(Method::invite, 180);
    phones.add({"1002", *parse_uri("sip:1002@h"), "<urn:uuid:1>"}, *b.session);
    request.extension = "1002";
    phones.on_registered(request, yes, closed);
    b.reply(Method::invite, 200, "answer");
    CHECK(b.layer.acks.back().to == request.flow);
    b.session->hang_up();
    CHECK(b.request(Method::bye).to == request.flow);
  }
}
