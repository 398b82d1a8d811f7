#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

TEST_CASE("Requests inside the dialog, and what is said to them") {
  Bench b;
  b.talk_as_client();
  SECTION("out of order") {
    Message m = b.make(Method::options);
    CHECK(b.response(b.send(m)).status == 200);
    CHECK(b.response(b.send(m)).status == 500);
  }
  SECTION("OPTIONS") {
    const auto& r = b.response(b.send(Method::options));
    CHECK(r.status == 200);
    CHECK(*r.header("Accept") == "application/sdp");
    CHECK(r.allows(Method::update));
  }
  SECTION("INFO") {
    Message m = b.make(Method::info);
    m.content_type = "application/dtmf-relay";
    m.body = "Signal=5";
    CHECK(b.response(b.send(m)).status == 200);
    CHECK(b.user.last() == "info application/dtmf-relay Signal=5");
    m = b.make(Method::info);
    m.content_type = "application/x-evil";
    m.body = "x";
    const auto& r = b.response(b.send(m));
    CHECK(r.status == 415);
    CHECK(r.header("Accept")->find("application/dtmf-relay") == 0);
    CHECK(b.user.last() == "info application/dtmf-relay Signal=5");
    CHECK(b.response(b.send(Method::info)).status == 200);
  }
  SECTION("methods that we do not have") {
    CHECK(b.response(b.send(Method::refer)).status == 405);
    CHECK(b.response(b.send(Method::subscribe)).allows(Method::bye));
    CHECK(b.response(b.send(Method::notify)).status == 489);
    Message m = b.make(Method::other);
    m.method_token = "FROBNICATE";
    m.cseq.method_token = "FROBNICATE";
    CHECK(b.response(b.send(m)).status == 501);
    CHECK(b.response(b.send(Method::prack)).status == 481);
  }
  SECTION("an extension that we do not have") {
    Message m = b.make(Method::update);
    m.require = {"precondition"};
    const auto& r = b.response(b.send(m));
    CHECK(r.status == 420);
    CHECK(*r.header("Unsupported") == "precondition");
  }
  SECTION("a body that we cannot read") {
    Message m = b.make(Method::invite, "x");
    m.content_type = "text/plain";
    const auto& r = b.response(b.send(m));
    CHECK(r.status == 415);
    CHECK(*r.header("Accept") == "application/sdp");
  }
  SECTION("another dialog") {
    b.peer_tag = "stranger";
    CHECK(b.response(b.send(Method::bye)).status == 481);
  }
  CHECK(b.user.ends == 0);
}

TEST_CASE("Our INFO") {
  Bench b;
  b.talk_as_server();
  b.session->send_info("application/dtmf-relay", "Signal=1");
  CHECK(b.request(Method::info).message.body == "Signal=1");
  b.reply(Method::info, 200);
  for (int i = 0; i < 100; ++i) b.session->send_info("application/dtmf-relay", "Signal=1");
  CHECK(b.count(Method::info) < 40);
  b.reply(Method::info, 481);
  CHECK(b.count(Method::bye) == 1);
  b.reply(Method::bye, 481);
  b.turn();
  CHECK(b.user.end.status == 481);
}

TEST_CASE("The peer's re-INVITE, with and without an offer") {
  Bench b;
  b.talk_as_server();
  const auto id = b.send(Method::invite, "hold");
  const auto cseq = b.peer_cseq;
  CHECK(b.user.last() == "offer hold");
  SECTION("answered") {
    b.session->answer_offer("held");
    CHECK(b.response(id).status == 200);
    CHECK(b.response(id).body == "held");
    CHECK(b.response(id).contact.size() == 1);
    b.timers.advance(1500ms);
    CHECK(b.layer.repeats.size() == 2);
    b.send_ack(cseq);
    b.timers.advance(60s);
    CHECK(b.layer.repeats.size() == 2);
    CHECK(b.user.ends == 0);
  }
  SECTION("refused: nothing changes") {
    b.session->refuse_offer();
    CHECK(b.response(id).status == 488);
    CHECK(b.response(b.send(Method::update)).status == 200);
  }
  SECTION("never acknowledged") {
    b.session->answer_offer("held");
    b.timers.advance(32s);
    CHECK(b.count(Method::bye) == 1);
    b.timers.advance(2s);
    CHECK(b.user.end.how == SessionEnd::How::no_ack);
  }
  SECTION("cancelled") {
    b.session->on_cancel(b.make_cancel(cseq));
    CHECK(b.response(id).status == 487);
    b.session->answer_offer("too late");
    CHECK(b.response(id).status == 487);
    CHECK(b.user.ends == 0);
  }
  SECTION("another one before it is answered") {
    const auto second = b.send(Method::invite, "again");
    CHECK(b.response(second).status == 500);
    CHECK(b.response(second).header("Retry-After") != nullptr);
    CHECK(b.response(b.send(Method::update, "again")).status == 500);
    b.session->answer_offer("held");
    CHECK(b.response(id).status == 200);
  }
  SECTION("another one before the ACK says that the 200 arrived") {
    b.session->answer_offer("held");
    b.send(Method::update, "resume");
    CHECK(b.user.last() == "offer resume");
    b.session->answer_offer("resumed");
    b.timers.advance(40s);
    CHECK(b.user.ends == 0);
  }
  SECTION("the leg never answers") {
    b.timers.advance(32s);
    CHECK(b.response(id).status == 500);
  }
  SECTION("we hang up meanwhile") {
    b.session->hang_up();
    CHECK(b.response(id).status == 487);
    b.timers.advance(2s);
    CHECK(b.user.ends == 1);
  }
}

TEST_CASE("A re-INVITE without SDP asks for our offer") {
  Bench b;
  b.talk_as_client();
  const auto id = b.send(Method::invite);
  CHECK(b.user.last() == "offer ");
  b.session->answer_offer("our-offer");
  CHECK(b.response(id).body == "our-offer");
  CHECK(b.response(b.send(Method::update, "glare")).status == 491);
  const auto cseq = b.peer_cseq - 1;
  SECTION("the ACK has the answer") {
    b.send_ack(cseq, "their-answer");
    CHECK(b.user.last() == "offer_answered 200 their-answer");
  }
  SECTION("the ACK has none") {
    b.send_ack(cseq);
    CHECK(b.user.last() == "offer_answered 488 ");
  }
}

TEST_CASE("Our re-INVITE") {
  Bench b;
  b.talk_as_client();
  b.session->send_offer("hold");
  const auto sent = b.request(Method::invite);
  CHECK(sent.message.body == "hold");
  CHECK(sent.message.to.tag() == "peer");
  b.session->send_offer("resume");  // waits its turn
  CHECK(b.count(Method::invite) == 2);
  SECTION("answered") {
    const auto acks = b.layer.acks.size();
    Message ok = b.make_reply(sent, 200, "held");
    ok.contact = {*parse_address("<sip:1001@192.0.2.7:5070>")};
    b.layer.deliver(sent.id, ok);
    CHECK(b.user.last() == "offer_answered 200 held");
    REQUIRE(b.layer.acks.size() == acks + 1);
    CHECK(b.layer.acks.back().message.cseq.number == sent.message.cseq.number);
    CHECK(b.session->dialog().remote_target().port == 5070);
    CHECK(b.layer.acks.back().to.remote.port == 5070);
    b.layer.deliver(sent.id, ok);
    CHECK(b.layer.acks.size() == acks + 2);
    b.turn();
    CHECK(b.request(Method::invite).message.body == "resume");
  }
  SECTION("refused: the dialog stays") {
    b.layer.deliver(sent.id, b.make_reply(sent, 488));
    CHECK(b.user.last() == "offer_answered 488 ");
    b.turn();
    CHECK(b.request(Method::invite).message.body == "resume");
    CHECK(b.user.ends == 0);
  }
  SECTION("the peer has forgotten the call") {
    b.layer.deliver(sent.id, b.make_reply(sent, 481));
    CHECK(b.count(Method::bye) == 1);
    b.timers.advance(2s);
    CHECK(b.user.end.how == SessionEnd::How::received_refusal);
    CHECK(b.user.end.status == 481);
  }
  SECTION("the peer has vanished") {
    b.layer.fail(sent.id, ClientUser::Failure::timeout);
    CHECK(b.count(Method::bye) == 1);
    b.timers.advance(2s);
    CHECK(b.user.end.how == SessionEnd::How::no_response);
  }
  SECTION("rings for ever") {
    b.layer.deliver(sent.id, b.make_reply(sent, 180));
    b.timers.advance(1min);
    REQUIRE(b.layer.cancels.size() == 1);
    CHECK(b.layer.cancels[0].first == sent.id);
    SECTION("487") {
      b.layer.deliver(sent.id, b.make_reply(sent, 487));
      CHECK(b.user.last() == "offer_answered 487 ");
    }
    SECTION("not even that") {
      b.timers.advance(34s);
      CHECK(b.user.end.how == SessionEnd::How::no_response);
    }
  }
  SECTION("a reliable 1xx gets its PRACK, and its answer counts") {
    Message r = b.make_reply(sent, 183, "held");
    r.require = {"100rel"};
    r.rseq = 4;
    b.layer.deliver(sent.id, r);
    b.layer.deliver(sent.id, r);
    CHECK(b.count(Method::prack) == 1);
    CHECK(b.request(Method::prack).message.rack->second.number == sent.message.cseq.number);
    b.layer.deliver(sent.id, b.make_reply(sent, 200));
    CHECK(b.user.last() == "offer_answered 200 held");
  }
}

TEST_CASE("Glare: both offer at once") {
  for (const bool caller : {true, false}) {
    Bench b;
    caller ? b.talk_as_client() : b.talk_as_server();
    b.session->send_offer("hold");
    const auto sent = b.request(Method::invite);
    CHECK(b.response(b.send(Method::invite, "theirs")).status == 491);
    CHECK(b.response(b.send(Method::update, "theirs")).status == 491);
    CHECK(b.response(b.send(Method::update)).status == 200);
    const auto before = b.count(Method::invite);
    b.layer.deliver(sent.id, b.make_reply(sent, 491));
    CHECK(b.user.last().find("offer_answered") == std::string::npos);
    // Between the two tries it is the peer's turn.
    const auto theirs = b.send(Method::invite, "theirs");
    b.session->answer_offer("ok");
    CHECK(b.response(theirs).status == 200);
    b.send_ack(b.peer_cseq);
    if (caller) {
      b.timers.advance(2099ms);
      CHECK(b.count(Method::invite) == before);
      b.timers.advance(1901ms);
    } else {
      b.timers.advance(2s);
    }
    REQUIRE(b.count(Method::invite) == before + 1);
    CHECK(b.request(Method::invite).message.cseq.number > sent.message.cseq.number);
    b.reply(Method::invite, 200, "held");
    CHECK(b.user.last() == "offer_answered 200 held");
  }
}

TEST_CASE("500 with Retry-After is tried again, without end it is not") {
  Bench b;
  b.talk_as_client();
  b.session->send_offer("hold");
  auto refuse = [&](const char* after) {
    Message r = b.make_reply(b.request(Method::invite), 500);
    if (after != nullptr) r.add_header("Retry-After", after);
    b.layer.deliver(b.request(Method::invite).id, r);
  };
  SECTION("once") {
    refuse("3");
    b.timers.advance(2999ms);
    CHECK(b.count(Method::invite) == 2);
    b.timers.advance(1ms);
    CHECK(b.count(Method::invite) == 3);
    refuse(nullptr);
  }
  SECTION("for ever") {
    for (int i = 0; i < 20; ++i) {
      refuse("0");
      b.timers.advance(1s);
    }
    CHECK(b.count(Method::invite) < 12);
  }
  SECTION("in a day") { refuse("86400"); }
  CHECK(b.user.last() == "offer_answered 500 ");
}

TEST_CASE("UPDATE carries our offers where the leg wants it and the peer allows it") {
  Bench b;
  b.settings.may_update = true;
  b.outgoing();
  Message ok = b.make_reply(b.request(Method::invite), 200, "answer-b");
  ok.allow = {"INVITE", "UPDATE"};
  b.layer.deliver(b.request(Method::invite).id, ok);
  b.session->send_offer("hold");
  CHECK(b.request(Method::update).message.body == "hold");
  CHECK(b.request(Method::update).message.contact.size() == 1);
  b.reply(Method::update, 200, "held");
  CHECK(b.user.last() == "offer_answered 200 held");
}

TEST_CASE("Our re-INVITE waits for the peer's ACK") {
  Bench b;
  b.talk_as_server();
  b.send(Method::invite, "hold");
  b.session->answer_offer("held");
  b.session->send_offer("mine");
  b.turn();
  CHECK(b.count(Method::invite) == 0);
  b.send_ack(b.peer_cseq);
  b.turn();
  CHECK(b.count(Method::invite) == 1);
}

TEST_CASE("A challenge to a re-INVITE is answered") {
  Bench b;
  auto call = b.make_call();
  call.credentials = DigestCredentials{"box", "secret"};
  call.credentials_realm = "carrier";
  b.outgoing(call);
  b.talk_as_client();
  b.session->send_offer("hold");
  const auto first = b.request(Method::invite);
  Message r = b.make_reply(first, 401);
  r.www_authenticate = {"Digest realm=\"other\", nonce=\"a\"", "Digest realm=\"carrier\", nonce=\"a\""};
  b.layer.deliver(first.id, r);
  const auto second = b.request(Method::invite);
  REQUIRE(second.id != first.id);
  CHECK(second.message.authorization.size() == 1);
  b.reply(Method::invite, 200, "held");
  CHECK(b.layer.acks.back().message.cseq.number == second.message.cseq.number);
  CHECK(b.user.last() == "offer_answered 200 held");
}

TEST_CASE("A Contact over TCP says so") {
  Bench b;
  IncomingCall call;
  call.invite = b.make_invite("offer-a");
  call.from = {TransportKind::tcp, 2, peer_flow.remote, 7};
  call.transaction = b.next_server_id++;
  b.session = Session::incoming(b.services(), b.settings, std::move(call), &b.user);
  b.session->progress(180, {});
  CHECK(b.response(1).contact.at(0).uri.text() == "sip:box@198.51.100.1:5060;transport=tcp");
  CHECK(b.session->flow().connection == 7);
  CHECK(b.session->invite().cseq.number == 100);
}

TEST_CASE("Offers that pile up are bounded, and every 200 gets its ACK") {
  Bench b;
  b.talk_as_client();
  for (int i = 0; i < 30; ++i) b.session->send_offer("offer-" + std::to_string(i));
  std::size_t sent = 0;
  while (b.count(Method::invite) - 1 > sent) {
    ++sent;
    b.reply(Method::invite, 200, "answer");
    b.turn();
  }
  CHECK(sent == 9);
  CHECK(b.request(Method::invite).message.body == "offer-29");
  CHECK(b.layer.acks.size() == 10);
}

TEST_CASE("A retry waits until the peer's offer is settled") {
  Bench b;
  b.talk_as_client();
  b.session->send_offer("hold");
  b.reply(Method::invite, 491);
  const auto theirs = b.send(Method::update, "theirs");
  b.timers.advance(10s);
  CHECK(b.count(Method::invite) == 2);
  b.session->answer_offer("ok");
  CHECK(b.response(theirs).status == 200);
  b.timers.advance(200ms);
  CHECK(b.count(Method::invite) == 3);
}
