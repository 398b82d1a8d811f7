// A call to a peer that has several places: RFC 3263 4.3, and where credentials may go.
#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

namespace {

const Flow second = udp_flow("192.0.2.8", 5070);
const Flow third = udp_flow("192.0.2.9", 5060);

OutgoingCall call_with_others(Bench& b) {
  auto call = b.make_call();
  call.others = {second, third};
  call.credentials = DigestCredentials{"box", "secret"};
  call.credentials_realm = "carrier";
  return call;
}

Message challenge(Bench& b, const FakeLayer::Sent& to) {
  Message r = b.make_reply(to, 407);
  r.proxy_authenticate = {"Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\""};
  return r;
}

}  // namespace

TEST_CASE("Silence, a dead socket and 503 lead to the next place with the same call") {
  Bench b;
  b.settings.first_answer = std::chrono::seconds(6);
  b.outgoing(call_with_others(b));
  const auto first = b.request(Method::invite);
  CHECK(first.to == peer_flow);
  CHECK(b.layer.hurried.at(first.id) == std::chrono::seconds(6));
  b.layer.fail(first.id, ClientUser::Failure::timeout);
  const auto next = b.request(Method::invite);
  REQUIRE(next.id != first.id);
  CHECK(next.to == second);
  CHECK(next.message.call_id == first.message.call_id);
  CHECK(next.message.from.tag() == first.message.from.tag());
  CHECK(next.message.cseq.number == first.message.cseq.number + 1);
  CHECK(next.message.body == first.message.body);
  b.reply(Method::invite, 503);
  const auto last = b.request(Method::invite);
  CHECK(last.to == third);
  SECTION("which answers") {
    b.reply(Method::invite, 200, "answer-b");
    CHECK(b.user.last() == "answered answer-b");
    CHECK(b.layer.acks.back().message.cseq.number == last.message.cseq.number);
    b.session->hang_up();
    b.reply(Method::bye, 200);
    b.turn();
  }
  SECTION("and after the last one it is over") {
    b.reply(Method::invite, 503);
    b.turn();
    CHECK(b.user.ends == 1);
    CHECK(b.user.end.status == 503);
  }
  SECTION("or nothing can be sent there") {
    b.layer.fail(last.id, ClientUser::Failure::transport);
    b.turn();
    CHECK(b.user.end.how == SessionEnd::How::transport);
  }
}

TEST_CASE("An answer about the call is no reason to go elsewhere, and neither is a 503 once it rang") {
  Bench b;
  b.outgoing(call_with_others(b));
  const int status = GENERATE(404, 408, 486, 500, 603);
  b.reply(Method::invite, status);
  b.turn();
  CHECK(b.count(Method::invite) == 1);
  CHECK(b.user.end.status == status);
}

TEST_CASE("Once it rang it is that place's call") {
  Bench b;
  b.outgoing(call_with_others(b));
  b.reply(Method::invite, 180);
  b.reply(Method::invite, 503);
  b.turn();
  CHECK(b.count(Method::invite) == 1);
  CHECK(b.user.end.status == 503);
}

TEST_CASE("A call that was cancelled goes nowhere else") {
  Bench b;
  b.outgoing(call_with_others(b));
  b.session->hang_up();
  b.layer.fail(b.request(Method::invite).id, ClientUser::Failure::timeout);
  b.turn();
  CHECK(b.count(Method::invite) == 1);
  CHECK(b.user.ends == 1);
}

TEST_CASE("Each place challenges for itself, once") {
  Bench b;
  b.outgoing(call_with_others(b));
  b.layer.deliver(b.request(Method::invite).id, challenge(b, b.request(Method::invite)));
  CHECK(b.request(Method::invite).message.proxy_authorization.size() == 1);
  b.reply(Method::invite, 503);
  CHECK(b.request(Method::invite).to == second);
  CHECK(b.request(Method::invite).message.proxy_authorization.empty());
  b.layer.deliver(b.request(Method::invite).id, challenge(b, b.request(Method::invite)));
  CHECK(b.request(Method::invite).message.proxy_authorization.size() == 1);
  b.reply(Method::invite, 486);
  b.turn();
}

TEST_CASE("Credentials go to the peer's own places, wherever the dialog leads") {
  Bench b;
  b.outgoing(call_with_others(b));
  Message answer = b.make_reply(b.request(Method::invite), 200);
  answer.content_type = "application/sdp";
  answer.body = "answer-b";
  const bool own = GENERATE(true, false);
  answer.contact = {*parse_address(own ? "<sip:far@192.0.2.9>" : "<sip:far@203.0.113.66>")};
  answer.record_route = {*parse_address(own ? "<sip:192.0.2.9;lr>" : "<sip:203.0.113.66;lr>")};
  b.layer.deliver(b.request(Method::invite).id, answer);
  b.session->hang_up();
  const auto bye = b.request(Method::bye);
  CHECK(bye.to.remote.address.to_string() == (own ? "192.0.2.9" : "203.0.113.66"));
  b.layer.deliver(bye.id, challenge(b, bye));
  CHECK(b.count(Method::bye) == (own ? 2 : 1));
  if (own) {
    b.reply(Method::bye, 200);
  }
  b.turn();
  CHECK(b.user.ends == 1);
}
