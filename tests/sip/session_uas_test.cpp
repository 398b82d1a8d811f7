#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

TEST_CASE("A call comes in, is answered and ended by the caller") {
  Bench b;
  Message invite = b.make_invite("offer-a");
  invite.record_route = {*parse_address("<sip:192.0.2.7;lr>")};
  b.incoming(invite);
  b.session->progress(180, {});
  const Message ringing = b.response(1);
  CHECK(ringing.status == 180);
  CHECK(ringing.to.tag() == b.session->dialog().id().local_tag);
  CHECK(ringing.contact.at(0).text() == "<sip:box@198.51.100.1:5060>");
  CHECK(ringing.record_route.size() == 1);
  CHECK(ringing.body.empty());
  CHECK_FALSE(ringing.rseq);
  b.session->accept("answer-a");
  const Message ok = b.response(1);
  CHECK(ok.status == 200);
  CHECK(ok.body == "answer-a");
  CHECK(ok.content_type == "application/sdp");
  CHECK(ok.allows(Method::update));
  CHECK(ok.supports("timer"));
  CHECK(ok.record_route.size() == 1);
  REQUIRE(ok.header("Server") != nullptr);
  CHECK(b.session->established());
  b.send_ack(100);
  CHECK(b.user.last() == "confirmed ");
  Message bye = b.make(Method::bye);
  bye.add_header("Reason", "Q.850;cause=31;text=\"Gone, \\\"really\\\"\"");
  const auto id = b.send(bye);
  CHECK(b.user.ends == 0);
  const auto sent_before = b.layer.responses.size();
  b.user.in_callback = [&](const std::string&) {
    CHECK(b.layer.responses.size() == sent_before);  // the record is written before the BYE is answered
  };
  b.turn();
  CHECK(b.response(id).status == 200);
  CHECK(b.user.end.how == SessionEnd::How::received_bye);
  CHECK(b.user.end.q850 == 31);
  CHECK(b.user.end.reason_phrase == "Gone, \"really\"");
  CHECK(b.response(b.send(Method::bye)).status == 481);
}

TEST_CASE("Early media goes unreliably where PRACK is not required") {
  Bench b;
  Message invite = b.make_invite("offer-a");
  invite.supported = {"100rel"};
  b.incoming(invite);
  b.session->progress(183, "early");
  CHECK(b.response(1).body == "early");
  CHECK_FALSE(b.response(1).rseq);
  b.timers.advance(61s);
  CHECK(b.layer.responses.size() == 2);  // 13.3.1.1: again each minute
  CHECK(b.response(1).status == 183);
  b.session->refuse(486, {}, 17);
  b.turn();
}

TEST_CASE("A 200 is repeated until its ACK, and a call without one is ended") {
  Bench b;
  b.incoming();
  b.session->accept("answer-a");
  b.timers.advance(499ms);
  CHECK(b.layer.repeats.empty());
  b.timers.advance(1ms);
  CHECK(b.layer.repeats.size() == 1);
  b.timers.advance(3s);  // 0.5, 1.5, 3.5
  CHECK(b.layer.repeats.size() == 3);
  b.timers.advance(4s);
  CHECK(b.layer.repeats.size() == 4);
  b.timers.advance(4s);  // T2 caps it
  CHECK(b.layer.repeats.size() == 5);
  SECTION("ACK") {
    b.send_ack(100);
    b.timers.advance(60s);
    CHECK(b.layer.repeats.size() == 5);
    CHECK(b.user.ends == 0);
  }
  SECTION("none") {
    b.timers.advance(21s);
    REQUIRE(b.count(Method::bye) == 1);
    b.reply(Method::bye, 200);
    b.turn();
    CHECK(b.user.end.how == SessionEnd::How::no_ack);
    CHECK(b.user.end.reason_phrase.find("198.51.100.1") != std::string::npos);
  }
  SECTION("BYE before the ACK") {
    const auto bye = b.send(Method::bye);
    b.timers.advance(60s);
    CHECK(b.response(bye).status == 200);
    CHECK(b.layer.repeats.size() == 5);
    CHECK(b.user.end.how == SessionEnd::How::received_bye);
  }
}

TEST_CASE("An ACK of another number confirms nothing") {
  Bench b;
  b.incoming();
  b.session->accept("answer-a");
  b.send_ack(99);
  CHECK(b.user.heard.empty());
  b.send_ack(100);
  b.send_ack(100);
  CHECK(b.user.heard == std::vector<std::string>{"confirmed "});
}

TEST_CASE("Our offer goes in the 200 and the answer comes in the ACK") {
  Bench b;
  b.incoming("");
  b.session->progress(183, "may not go: it would be an offer in an unreliable response");
  CHECK(b.response(1).body.empty());
  b.session->accept("our-offer");
  CHECK(b.response(1).body == "our-offer");
  const auto early = b.send(Method::update, "offer-while-ours-is-open");
  CHECK(b.response(early).status == 491);
  b.send_ack(100, "their-answer");
  CHECK(b.user.last() == "confirmed their-answer");
}

TEST_CASE("CANCEL ends a call that rings, and not one that was answered") {
  Bench b;
  b.incoming();
  b.session->progress(180, {});
  SECTION("ringing") {
    b.session->on_cancel(
        b.make_cancel(100, "SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=26"));
    b.turn();
    CHECK(b.response(1).status == 487);
    CHECK(b.user.end.how == SessionEnd::How::received_cancel);
    CHECK(b.user.end.status == 200);
    CHECK(b.user.end.q850 == 26);
    b.session->accept("too late");
    CHECK(b.response(1).status == 487);
  }
  SECTION("answered") {
    b.session->accept("answer-a");
    b.session->on_cancel(b.make_cancel(100));
    b.turn();
    CHECK(b.user.ends == 0);
    b.send_ack(100);
    CHECK(b.user.last() == "confirmed ");
  }
  SECTION("another number") {
    b.session->on_cancel(b.make_cancel(99));
    CHECK(b.response(1).status == 180);
  }
}

TEST_CASE("An INVITE that cannot be served is refused at once") {
  Bench b;
  Message invite = b.make_invite("offer-a");
  int status = 0;
  SECTION("option tags") {
    invite.require = {"100rel", "precondition", "foo"};
    status = 420;
  }
  SECTION("Session-Expires") {
    invite.session_expires = {60, ""};
    invite.supported = {"timer"};
    status = 422;
  }
  SECTION("body") {
    invite.content_type = "application/pidf+xml";
    status = 415;
  }
  SECTION("encoding") {
    invite.add_header("Content-Encoding", "gzip");
    status = 415;
  }
  b.incoming(invite);
  const Message r = b.response(1);
  CHECK(r.status == status);
  if (status == 420) CHECK(*r.header("Unsupported") == "precondition, foo");
  if (status == 422) CHECK(r.min_se == 90U);
  if (status == 415) CHECK(*r.header("Accept") == "application/sdp");
  CHECK(b.session->ended());
  b.session->accept("x");
  b.session->hang_up();
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::sent_refusal);
  CHECK(b.user.end.status == status);
  CHECK(b.layer.responses.size() == 1);
}

TEST_CASE("The caller says goodbye before the call is answered") {
  Bench b;
  b.incoming();
  b.session->progress(180, {});
  const auto bye = b.send(Method::bye);
  CHECK(b.response(bye).status == 200);
  b.turn();
  CHECK(b.response(1).status == 487);
  CHECK(b.user.end.how == SessionEnd::How::received_bye);
}

TEST_CASE("Refusals carry status, words, cause and the settings' headers") {
  Bench b;
  b.settings.extra_headers = {{"X-Box", "7"}};
  b.incoming();
  SECTION("refuse") {
    b.session->refuse(603, "Not today", 21);
    CHECK(b.response(1).status == 603);
    CHECK(b.response(1).reason == "Not today");
    CHECK(*b.response(1).header("Reason") == "Q.850;cause=21;text=\"CALL_REJECTED\"");
    CHECK(*b.response(1).header("X-Box") == "7");
  }
  SECTION("hang_up takes the cause's status") {
    b.session->hang_up(17);
    CHECK(b.response(1).status == 486);
  }
  SECTION("nobody answers") {
    b.timers.advance(5min);
    CHECK(b.response(1).status == 480);
  }
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::sent_refusal);
}

TEST_CASE("hang_up before the ACK waits for it, for two seconds") {
  Bench b;
  b.incoming();
  b.session->accept("answer-a");
  b.session->hang_up();
  CHECK(b.count(Method::bye) == 0);
  SECTION("it comes") {
    b.timers.advance(1s);
    CHECK(b.layer.repeats.size() == 1);
    b.send_ack(100);
    REQUIRE(b.count(Method::bye) == 1);
    b.reply(Method::bye, 200);
    b.turn();
  }
  SECTION("it does not") {
    b.timers.advance(2s);
    CHECK(b.count(Method::bye) == 1);
  }
  CHECK(b.user.end.how == SessionEnd::How::sent_bye);
  CHECK(b.user.heard.size() == 1);
}

TEST_CASE("A reliable response is repeated until its PRACK") {
  Bench b;
  Message invite = b.make_invite("offer-a");
  invite.require = {"100rel"};
  invite.allow = {"UPDATE", "PRACK"};
  b.incoming(invite);
  b.session->progress(183, "early-answer");
  const Message first = b.response(1);
  REQUIRE(first.rseq);
  CHECK(first.requires_option("100rel"));
  CHECK(first.body == "early-answer");
  b.session->progress(180, {});  // waits its turn
  CHECK(b.response(1).status == 183);
  b.timers.advance(3500ms);  // 0.5, 1.5, 3.5: no cap at T2
  CHECK(b.layer.responses.size() == 4);
  auto prack = [&](std::uint32_t rseq, std::uint32_t cseq, const std::string& sdp = {}) {
    Message m = b.make(Method::prack, sdp);
    m.rack = {rseq, CSeq{cseq, Method::invite, "INVITE"}};
    return b.send(m);
  };
  SECTION("wrong PRACKs") {
    CHECK(b.response(prack(*first.rseq + 1, 100)).status == 481);
    CHECK(b.response(prack(*first.rseq, 99)).status == 481);
    CHECK(b.response(b.send(Method::prack)).status == 481);
    b.session->refuse(480);
  }
  SECTION("the 200 waits for the PRACK of a response with SDP") {
    b.session->accept("early-answer");
    CHECK(b.response(1).status == 183);
    CHECK(b.response(prack(*first.rseq, 100)).status == 200);
    CHECK(b.response(1).status == 200);
    CHECK(b.response(1).body.empty());  // the exchange is over
    CHECK(b.response(prack(*first.rseq, 100)).status == 481);
    b.send_ack(100);
    CHECK(b.user.last() == "confirmed ");
  }
  SECTION("the next one follows, and bears no SDP") {
    CHECK(b.response(prack(*first.rseq, 100)).status == 200);
    CHECK(b.response(1).status == 180);
    CHECK(*b.response(1).rseq == *first.rseq + 1);
    b.session->accept("x");  // no SDP waits: 2xx at once
    CHECK(b.response(1).status == 200);
    b.send_ack(100);
  }
  SECTION("an offer in the PRACK is answered in its 200, and the INVITE's 200 waits") {
    const auto id = prack(*first.rseq, 100, "prack-offer");
    CHECK(b.user.last() == "offer prack-offer");
    CHECK_FALSE(b.has_response(id));
    b.session->accept("x");
    CHECK(b.response(1).status != 200);
    b.session->answer_offer("prack-answer");
    CHECK(b.response(id).status == 200);
    CHECK(b.response(id).body == "prack-answer");
    b.turn();
    CHECK(b.response(1).status == 200);
    b.send_ack(100);
  }
  SECTION("UPDATE both ways in the early dialog") {
    prack(*first.rseq, 100);
    Message again = b.make(Method::prack);
    again.rack = {*first.rseq + 1, CSeq{100, Method::invite, "INVITE"}};
    b.send(again);
    const auto id = b.send(Method::update, "update-offer");
    CHECK(b.user.last() == "offer update-offer");
    b.session->answer_offer("update-answer");
    CHECK(b.response(id).body == "update-answer");
    b.turn();
    b.session->send_offer("our-update");
    CHECK(b.request(Method::update).message.body == "our-update");
    b.reply(Method::update, 200, "their-answer");
    CHECK(b.user.last() == "offer_answered 200 their-answer");
    b.session->refuse(486);
  }
  SECTION("nobody acknowledges") {
    b.timers.advance(32s);
    CHECK(b.response(1).status == 504);
    CHECK(b.user.end.how == SessionEnd::How::sent_refusal);
    CHECK(b.user.end.status == 504);
  }
  b.turn();
}

TEST_CASE("Our offer in a reliable response is answered by the PRACK") {
  Bench b;
  Message invite = b.make_invite("");
  invite.require = {"100rel"};
  b.incoming(invite);
  b.session->progress(183, "our-offer");
  CHECK(b.response(1).body == "our-offer");
  Message prack = b.make(Method::prack, "their-answer");
  prack.rack = {*b.response(1).rseq, CSeq{100, Method::invite, "INVITE"}};
  CHECK(b.response(b.send(prack)).status == 200);
  CHECK(b.user.last() == "offer_answered 200 their-answer");
  b.session->accept("our-offer");
  CHECK(b.response(1).status == 200);
  CHECK(b.response(1).body.empty());
  b.send_ack(100);
  CHECK(b.user.last() == "confirmed ");
}

TEST_CASE("A session that is destroyed says goodbye") {
  Bench b;
  b.incoming();
  SECTION("early") {
    b.session.reset();
    CHECK(b.response(1).status == 480);
  }
  SECTION("answered, no ACK yet") {
    b.session->accept("x");
    b.session.reset();
    CHECK(b.count(Method::bye) == 1);
  }
  SECTION("talking") {
    b.talk_as_server();
    b.session.reset();
    CHECK(b.count(Method::bye) == 1);
    CHECK(*b.request(Method::bye).message.header("Reason") == "Q.850;cause=16;text=\"NORMAL_CLEARING\"");
  }
  SECTION("ended") {
    b.session->refuse(404);
    b.session.reset();
    CHECK(b.response(1).status == 404);
  }
  CHECK(b.user.ends == 0);
}

TEST_CASE("A response that cannot be sent ends the call") {
  Bench b;
  b.incoming();
  SECTION("the 200") {
    b.layer.deaf = true;
    b.session->accept("x");
  }
  SECTION("told later") { b.session->on_server_failure(1); }
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::transport);
}

TEST_CASE("The session may be destroyed in on_end") {
  Bench b;
  b.user.in_callback = [&](const std::string& line) {
    if (line.starts_with("end")) b.session.reset();
  };
  b.incoming();
  b.session->refuse(486);
  b.turn();
  CHECK(b.user.ends == 1);
  CHECK_FALSE(b.session);
}

TEST_CASE("A second INVITE before the first is answered waits its turn") {
  Bench b;
  b.incoming();
  const auto id = b.send(Method::invite, "again");
  CHECK(b.response(id).status == 500);
  CHECK(b.response(id).header("Retry-After") != nullptr);
  const auto update = b.send(Method::update, "while-theirs-is-open");
  CHECK(b.response(update).status == 500);
  CHECK(b.response(update).header("Retry-After") != nullptr);
  b.session->refuse(486);
  b.turn();
}
