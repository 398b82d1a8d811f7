#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

namespace {

Message reliable(Bench& b, int status, std::uint32_t rseq, const std::string& sdp, const char* tag = "peer") {
  Message m = b.make_reply(b.request(Method::invite), status, sdp, tag);
  m.require = {"100rel"};
  m.rseq = rseq;
  return m;
}

}  // namespace

TEST_CASE("A call goes out, is answered, and we end it") {
  Bench b;
  b.settings.session_expires = 30min;
  b.settings.extra_headers = {{"X-Call", "1"}};
  b.outgoing();
  const auto sent = b.request(Method::invite);
  CHECK(sent.to == peer_flow);
  CHECK(sent.message.body == "offer-b");
  CHECK(sent.message.supports("timer"));
  CHECK(sent.message.supports("100rel"));
  CHECK(sent.message.allows(Method::update));
  CHECK(sent.message.session_expires->seconds == 1800);
  CHECK(*sent.message.header("X-Call") == "1");
  CHECK(*sent.message.header("User-Agent") == "Switchroom");
  CHECK_FALSE(sent.message.from.tag().empty());
  CHECK(sent.message.to.tag().empty());
  CHECK(sent.message.contact.at(0).text() == "<sip:box@198.51.100.1:5060>");
  b.reply(Method::invite, 180);
  b.reply(Method::invite, 183, "early");
  CHECK(b.user.heard == std::vector<std::string>{"progress 180  peer", "progress 183 early peer"});
  CHECK_FALSE(b.session->established());
  b.reply(Method::invite, 200, "answer-b");
  CHECK(b.user.last() == "answered answer-b");
  REQUIRE(b.layer.acks.size() == 1);
  CHECK(b.layer.acks[0].message.cseq.number == sent.message.cseq.number);
  CHECK(b.layer.acks[0].message.cseq.method == Method::ack);
  CHECK(b.layer.acks[0].message.request_uri.text() == "sip:1001@192.0.2.7:5060");
  b.reply(Method::invite, 200, "answer-b");  // it comes again
  CHECK(b.layer.acks.size() == 2);
  CHECK(b.user.heard.size() == 3);
  b.session->hang_up(31);
  const auto bye = b.request(Method::bye).message;
  CHECK(bye.cseq.number == sent.message.cseq.number + 1);
  CHECK(*bye.header("Reason") == "Q.850;cause=31;text=\"NORMAL_UNSPECIFIED\"");
  b.turn();
  CHECK(b.user.ends == 0);
  b.reply(Method::bye, 200);
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::sent_bye);
}

TEST_CASE("A silent peer delays the end of a hung-up call by two seconds") {
  Bench b;
  SECTION("BYE") {
    b.talk_as_client();
    b.session->hang_up();
    b.session->hang_up();
    CHECK(b.count(Method::bye) == 1);
  }
  SECTION("CANCEL") {
    b.outgoing();
    b.session->hang_up(0, "SIP;cause=200;text=\"Call completed elsewhere\"");
    REQUIRE(b.layer.cancels.size() == 1);
    CHECK(b.layer.cancels[0].second == "SIP;cause=200;text=\"Call completed elsewhere\"");
  }
  b.timers.advance(1999ms);
  CHECK(b.user.ends == 0);
  b.timers.advance(1ms);
  CHECK(b.user.ends == 1);
}

TEST_CASE("Both say goodbye at once") {
  Bench b;
  b.talk_as_client();
  b.session->hang_up();
  CHECK(b.response(b.send(Method::info)).status == 481);
  CHECK(b.response(b.send(Method::bye)).status == 200);
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::sent_bye);
}

TEST_CASE("Refusals of the callee") {
  Bench b;
  b.outgoing();
  const auto sent = b.request(Method::invite);
  Message r = b.make_reply(sent, 503);
  r.contact.clear();
  SECTION("busy") {
    r.status = 486;
    r.reason = "Busy Here";
    r.add_header("Reason", "Q.850;cause=17");
    b.layer.deliver(sent.id, r);
    b.turn();
    CHECK(b.user.end.q850 == 17);
    CHECK(b.user.end.reason_phrase == "Busy Here");
    CHECK(b.user.end.status == 486);
  }
  SECTION("moved") {
    r.status = 302;
    r.contact = {*parse_address("<sip:a@192.0.2.8>"), *parse_address("<sip:b@192.0.2.9>;q=0.5")};
    b.layer.deliver(sent.id, r);
    b.turn();
    REQUIRE(b.user.end.redirects.size() == 2);
    CHECK(b.user.end.redirects[0].uri.text() == "sip:a@192.0.2.8");
  }
  SECTION("retry later") {
    r.add_header("Retry-After", "18000 (in five hours);duration=3600");
    b.layer.deliver(sent.id, r);
    b.turn();
    CHECK(b.user.end.retry_after == 18000U);
  }
  CHECK(b.user.end.how == SessionEnd::How::received_refusal);
  CHECK(b.count(Method::bye) == 0);
  CHECK(b.layer.acks.empty());
}

TEST_CASE("An INVITE that nobody answers or that cannot be sent") {
  Bench b;
  b.outgoing();
  const auto id = b.request(Method::invite).id;
  SECTION("timeout") {
    b.layer.fail(id, ClientUser::Failure::timeout);
    b.turn();
    CHECK(b.user.end.how == SessionEnd::How::no_response);
    CHECK(b.user.end.status == 408);
  }
  SECTION("transport") {
    b.layer.fail(id, ClientUser::Failure::transport);
    b.turn();
    CHECK(b.user.end.how == SessionEnd::How::transport);
  }
  SECTION("rings for ever") {
    b.reply(Method::invite, 180);
    b.timers.advance(5min);
    CHECK(b.layer.cancels.size() == 1);
    b.reply(Method::invite, 487);
    b.turn();
    CHECK(b.user.end.how == SessionEnd::How::sent_cancel);
    CHECK(b.user.end.status == 408);
  }
}

TEST_CASE("CANCEL, and what may come after it") {
  Bench b;
  b.outgoing();
  b.reply(Method::invite, 180);
  const auto sent = b.request(Method::invite);
  b.session->hang_up();
  REQUIRE(b.layer.cancels.size() == 1);
  CHECK(b.layer.cancels[0].first == sent.id);
  CHECK(b.layer.cancels[0].second == "Q.850;cause=16;text=\"NORMAL_CLEARING\"");
  const Message late = b.make_reply(sent, 200, "answer-b");
  SECTION("487") {
    b.reply(Method::invite, 487);
    b.turn();
    CHECK(b.count(Method::bye) == 0);
  }
  SECTION("a 200 that crossed it") {
    b.layer.deliver(sent.id, late);
    CHECK(b.layer.acks.size() == 1);
    CHECK(b.count(Method::bye) == 1);
    CHECK_FALSE(b.layer.users.contains(sent.id));  // another fork's is the layer's
    b.turn();
  }
  SECTION("nothing until the session is gone: what comes then is the layer's") {
    b.timers.advance(2s);
    CHECK(b.user.ends == 1);
    CHECK(b.layer.users.empty());
    b.session.reset();
    CHECK(b.timers.size() == 0);
  }
  CHECK(b.user.end.how == SessionEnd::How::sent_cancel);
  CHECK(b.user.ends == 1);
}

TEST_CASE("A session that is destroyed while it rings cancels, and leaves the rest to the layer") {
  Bench b;
  b.outgoing();
  b.session.reset();
  CHECK(b.layer.cancels.size() == 1);
  CHECK(b.layer.users.empty());
  CHECK(b.timers.size() == 0);
}

TEST_CASE("The BYE for a fork that lost has a number behind those of its PRACKs") {
  Bench b;
  b.outgoing();
  const auto sent = b.request(Method::invite);
  b.layer.deliver(sent.id, reliable(b, 183, 7, "early", "lost"));
  b.layer.deliver(sent.id, reliable(b, 183, 8, "early", "lost"));
  const auto prack = b.request(Method::prack).message;
  b.reply(Method::invite, 200, "answer", "won");
  b.layer.deliver(sent.id, b.make_reply(sent, 200, "answer", "lost"));
  const auto bye = b.request(Method::bye).message;
  CHECK(bye.to.tag() == "lost");
  CHECK(bye.cseq.number > prack.cseq.number);
  CHECK(b.layer.acks.back().message.cseq.number == sent.message.cseq.number);
}

TEST_CASE("A forked call: the first 200 wins, others are answered and ended") {
  Bench b;
  b.outgoing();
  const auto sent = b.request(Method::invite);
  b.reply(Method::invite, 180, {}, "one");
  b.reply(Method::invite, 183, "early-2", "two");
  CHECK(b.user.heard == std::vector<std::string>{"progress 180  one", "progress 183 early-2 two"});
  b.reply(Method::invite, 200, "answer-2", "two");
  CHECK(b.user.last() == "answered answer-2");
  CHECK(b.session->dialog().id().remote_tag == "two");
  CHECK(b.count(Method::bye) == 0);
  const Message third = b.make_reply(sent, 200, "answer-3", "three");
  b.layer.deliver(sent.id, third);
  REQUIRE(b.count(Method::bye) == 1);
  CHECK(b.request(Method::bye).message.to.tag() == "three");
  CHECK(b.layer.acks.back().message.to.tag() == "three");
  b.layer.deliver(sent.id, third);
  CHECK(b.count(Method::bye) == 1);
  CHECK(b.layer.acks.size() == 3);
  CHECK(b.user.heard.size() == 3);
  b.peer_tag = "one";
  CHECK(b.response(b.send(Method::info)).status == 481);
  for (int i = 0; i < 100; ++i) {
    const std::string tag = "fork" + std::to_string(i);
    b.layer.deliver(sent.id, b.make_reply(sent, 200, "x", tag.c_str()));
  }
  CHECK(b.count(Method::bye) < 40);  // bounded
}

TEST_CASE("Reliable responses are acknowledged in their own early dialog, in order") {
  Bench b;
  b.outgoing();
  const auto invite = b.request(Method::invite);
  b.layer.deliver(invite.id, reliable(b, 183, 7, "early-1", "one"));
  const auto prack = b.request(Method::prack).message;
  CHECK(prack.rack->first == 7);
  CHECK(prack.rack->second.number == invite.message.cseq.number);
  CHECK(prack.rack->second.method == Method::invite);
  CHECK(prack.to.tag() == "one");
  CHECK(prack.cseq.number == invite.message.cseq.number + 1);
  b.layer.deliver(invite.id, reliable(b, 183, 7, "early-1", "one"));
  b.layer.deliver(invite.id, reliable(b, 180, 9, {}, "one"));
  CHECK(b.count(Method::prack) == 1);
  CHECK(b.user.heard.size() == 1);
  b.layer.deliver(invite.id, reliable(b, 180, 8, {}, "one"));
  CHECK(b.count(Method::prack) == 2);
  b.layer.deliver(invite.id, reliable(b, 180, 500, {}, "two"));
  CHECK(b.request(Method::prack).message.to.tag() == "two");
  b.reply(Method::invite, 200, {}, "one");
  CHECK(b.user.last() == "answered early-1");  // the answer came reliably before
  b.session->hang_up();
  CHECK(b.request(Method::bye).message.cseq.number == invite.message.cseq.number + 3);
  b.reply(Method::bye, 200);
  b.turn();
}

TEST_CASE("UPDATE in an early dialog, either way") {
  Bench b;
  b.outgoing();
  const auto invite = b.request(Method::invite);
  b.reply(Method::invite, 180);
  CHECK(b.response(b.send(Method::update, "x")).status == 491);  // our offer is open
  Message r = reliable(b, 183, 1, "answer-b");
  r.allow = {"UPDATE"};
  b.layer.deliver(invite.id, r);
  CHECK(b.session->peer_supports_update());
  const auto id = b.send(Method::update, "their-update");
  CHECK(b.user.last() == "offer their-update");
  b.session->refuse_offer();
  CHECK(b.response(id).status == 488);
  b.turn();
  b.session->send_offer("our-update");
  CHECK(b.request(Method::update).message.body == "our-update");
  b.reply(Method::update, 200, "their-answer");
  CHECK(b.user.last() == "offer_answered 200 their-answer");
  b.reply(Method::invite, 200);
  CHECK(b.user.last() == "answered answer-b");
}

TEST_CASE("An offer that cannot go yet goes after the 200") {
  Bench b;
  b.outgoing();
  b.reply(Method::invite, 180);
  b.session->send_offer("hold");
  CHECK(b.count(Method::invite) == 1);
  b.reply(Method::invite, 200, "answer-b");
  REQUIRE(b.count(Method::invite) == 2);
  CHECK(b.request(Method::invite).message.body == "hold");
}

TEST_CASE("Challenges are answered once, for their realm only") {
  Bench b;
  auto call = b.make_call();
  call.credentials = DigestCredentials{"box", "secret"};
  call.credentials_realm = "carrier";
  b.outgoing(call);
  const auto first = b.request(Method::invite);
  auto challenge = [&](int status, const std::string& realm, const char* stale = "") {
    Message r = b.make_reply(b.request(Method::invite), status);
    const std::string value = "Digest realm=\"" + realm + "\", nonce=\"n" + std::to_string(b.layer.last_id) +
                              "\", algorithm=MD5, qop=\"auth\"" + stale;
    (status == 401 ? r.www_authenticate : r.proxy_authenticate) = {value};
    b.layer.deliver(b.request(Method::invite).id, r);
  };
  SECTION("right realm") {
    challenge(407, "carrier");
    const auto second = b.request(Method::invite);
    REQUIRE(second.id != first.id);
    CHECK(second.message.cseq.number == first.message.cseq.number + 1);
    CHECK(second.message.call_id == first.message.call_id);
    CHECK(second.message.from.tag() == first.message.from.tag());
    CHECK(second.message.to.tag().empty());
    REQUIRE(second.message.proxy_authorization.size() == 1);
    CHECK(second.message.proxy_authorization[0].find("username=\"box\"") != std::string::npos);
    SECTION("accepted") {
      b.reply(Method::invite, 200, "answer-b");
      CHECK(b.layer.acks.back().message.cseq.number == second.message.cseq.number);
      CHECK(b.layer.acks.back().message.proxy_authorization == second.message.proxy_authorization);
      b.session->hang_up();
      const auto bye = b.request(Method::bye);
      Message r = b.make_reply(bye, 407);
      r.proxy_authenticate = {"Digest realm=\"carrier\", nonce=\"m\""};
      b.layer.deliver(bye.id, r);
      CHECK(b.count(Method::bye) == 2);
      CHECK(b.request(Method::bye).message.cseq.number == bye.message.cseq.number + 1);
      b.reply(Method::bye, 200);
      b.turn();
      CHECK(b.user.ends == 1);
    }
    SECTION("again: the password is wrong") {
      challenge(407, "carrier");
      b.turn();
      CHECK(b.count(Method::invite) == 2);
      CHECK(b.user.end.status == 407);
    }
    SECTION("stale once more, and no third time") {
      challenge(407, "carrier", ", stale=true");
      CHECK(b.count(Method::invite) == 3);
      challenge(407, "carrier", ", stale=true");
      CHECK(b.count(Method::invite) == 3);
      b.turn();
    }
  }
  SECTION("another realm") {
    challenge(401, "evil");
    b.turn();
    CHECK(b.count(Method::invite) == 1);
    CHECK(b.user.end.status == 401);
  }
}

TEST_CASE("422 is answered once by a longer session") {
  Bench b;
  b.settings.session_expires = 100s;
  b.outgoing();
  Message r = b.make_reply(b.request(Method::invite), 422);
  r.min_se = 600;
  b.layer.deliver(b.request(Method::invite).id, r);
  REQUIRE(b.count(Method::invite) == 2);
  CHECK(b.request(Method::invite).message.session_expires->seconds == 600);
  CHECK(b.request(Method::invite).message.min_se == 600U);
  r = b.make_reply(b.request(Method::invite), 422);
  r.min_se = 700;
  b.layer.deliver(b.request(Method::invite).id, r);
  b.turn();
  CHECK(b.user.end.status == 422);
}

TEST_CASE("A callee that says BYE while it rings") {
  Bench b;
  b.outgoing();
  b.reply(Method::invite, 180);
  CHECK(b.response(b.send(Method::bye)).status == 200);
  CHECK(b.layer.cancels.size() == 1);
  b.turn();
  CHECK(b.user.end.how == SessionEnd::How::received_bye);
}

TEST_CASE("The leg may hang up inside any callback") {
  Bench b;
  b.user.in_callback = [&](const std::string& line) {
    if (!line.starts_with("end")) b.session->hang_up();
  };
  b.outgoing();
  SECTION("progress") {
    b.reply(Method::invite, 180);
    CHECK(b.layer.cancels.size() == 1);
  }
  SECTION("answered") {
    b.session->send_offer("queued");
    b.reply(Method::invite, 200, "answer-b");
    CHECK(b.count(Method::bye) == 1);
    CHECK(b.count(Method::invite) == 1);
  }
  b.timers.advance(2s);
  CHECK(b.user.ends == 1);
}

TEST_CASE("An UPDATE to a fork that lost is over, and the leg hears of it") {
  Bench b;
  b.outgoing();
  Message r = reliable(b, 183, 1, "answer-1", "one");
  r.allow = {"UPDATE"};
  b.layer.deliver(b.request(Method::invite).id, r);
  b.session->send_offer("hold");
  const auto update = b.request(Method::update);
  SECTION("answered") {
    b.reply(Method::invite, 200, "answer-2", "two");
    b.layer.deliver(update.id, b.make_reply(update, 200, "held", "one"));
  }
  SECTION("to be tried again") {
    b.layer.deliver(update.id, b.make_reply(update, 491, {}, "one"));
    b.reply(Method::invite, 200, "answer-2", "two");
    b.timers.advance(5s);
  }
  CHECK(b.user.last() == "offer_answered 481 ");
  CHECK(b.user.ends == 0);
}
