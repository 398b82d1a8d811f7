#include "session_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

namespace {

void answer_invite(Bench& b, std::uint32_t seconds, const char* refresher, bool update) {
  Message ok = b.make_reply(b.request(Method::invite), 200, "answer-b");
  ok.session_expires = {seconds, refresher};
  ok.allow = {"INVITE", "BYE"};
  if (update) ok.allow.emplace_back("UPDATE");
  b.layer.deliver(b.request(Method::invite).id, ok);
}

}  // namespace

TEST_CASE("We refresh by UPDATE at half the interval") {
  Bench b;
  b.settings.session_expires = 1800s;
  b.outgoing();
  answer_invite(b, 600, "uac", true);
  b.timers.advance(299s);
  CHECK(b.count(Method::update) == 0);
  b.timers.advance(1s);
  REQUIRE(b.count(Method::update) == 1);
  const auto update = b.request(Method::update);
  CHECK(update.message.body.empty());
  CHECK(update.message.session_expires->seconds == 600);
  CHECK(update.message.session_expires->refresher == "uac");
  SECTION("and again, with what was agreed now") {
    Message ok = b.make_reply(update, 200);
    ok.session_expires = {200, "uac"};
    b.layer.deliver(update.id, ok);
    b.timers.advance(100s);
    CHECK(b.count(Method::update) == 2);
  }
  SECTION("the peer takes over") {
    Message ok = b.make_reply(update, 200);
    ok.session_expires = {200, "uas"};
    b.layer.deliver(update.id, ok);
    b.timers.advance(150s);
    CHECK(b.count(Method::update) == 1);
    b.timers.advance(20s);
    CHECK(b.user.end.how == SessionEnd::How::expired);
  }
  SECTION("the peer has vanished") {
    b.layer.fail(update.id, ClientUser::Failure::timeout);
    b.timers.advance(2s);
    CHECK(b.user.end.how == SessionEnd::How::no_response);
  }
  SECTION("too small for the peer") {
    Message no = b.make_reply(update, 422);
    no.min_se = 900;
    b.layer.deliver(update.id, no);
    b.turn();
    REQUIRE(b.count(Method::update) == 2);
    CHECK(b.request(Method::update).message.session_expires->seconds == 900);
  }
  SECTION("refused: the deadline stays") {
    b.layer.deliver(update.id, b.make_reply(update, 403));
    CHECK(b.user.last() == "answered answer-b");
    b.timers.advance(270s);
    CHECK(b.user.end.how == SessionEnd::How::expired);
  }
}

TEST_CASE("We refresh by a re-INVITE with the last SDP where UPDATE is not allowed") {
  Bench b;
  b.settings.session_expires = 1800s;
  b.outgoing();
  answer_invite(b, 600, "uac", false);
  b.timers.advance(300s);
  const auto refresh = b.request(Method::invite);
  CHECK(refresh.message.body == "offer-b");
  CHECK(refresh.message.to.tag() == "peer");
  Message ok = b.make_reply(refresh, 200, "answer-b");
  ok.session_expires = {600, "uac"};
  SECTION("nothing new: the leg hears nothing") {
    b.layer.deliver(refresh.id, ok);
    CHECK(b.user.last() == "answered answer-b");
  }
  SECTION("another answer: the leg hears of it") {
    ok.body = "answer-c";
    b.layer.deliver(refresh.id, ok);
    CHECK(b.user.last() == "offer_answered 200 answer-c");
  }
  CHECK(b.layer.acks.size() == 2);
}

TEST_CASE("A peer that ought to refresh and does not") {
  Bench b;
  b.settings.session_expires = 1800s;
  b.outgoing();
  answer_invite(b, 90, "uas", true);
  SECTION("does not") {
    b.timers.advance(59s);
    CHECK(b.count(Method::bye) == 0);
    b.timers.advance(1s);  // 90 - min(32, 30)
    CHECK(b.count(Method::bye) == 1);
    b.timers.advance(2s);
    CHECK(b.user.end.how == SessionEnd::How::expired);
  }
  SECTION("does") {
    for (int i = 0; i < 10; ++i) {
      b.timers.advance(45s);
      Message update = b.make(Method::update);
      update.session_expires = {90, "uac"};
      update.supported = {"timer"};
      const auto& r = b.response(b.send(update));
      REQUIRE(r.status == 200);
      CHECK(r.session_expires->seconds == 90);
      CHECK(r.session_expires->refresher == "uac");
      CHECK(r.requires_option("timer"));
    }
    CHECK(b.user.ends == 0);
  }
  SECTION("asks for too little") {
    Message update = b.make(Method::update);
    update.session_expires = {30, "uac"};
    const auto& r = b.response(b.send(update));
    CHECK(r.status == 422);
    CHECK(r.min_se == 90U);
  }
}

TEST_CASE("An interval from a stranger is kept within bounds") {
  Bench b;
  b.settings.session_expires = 1800s;
  b.outgoing();
  answer_invite(b, 1, "uac", true);
  b.timers.advance(44s);
  CHECK(b.count(Method::update) == 0);
  b.timers.advance(1s);
  CHECK(b.count(Method::update) == 1);
}

TEST_CASE("Who refreshes a call that came to us") {
  Bench b;
  b.settings.session_expires = 1800s;
  Message invite = b.make_invite("offer-a");
  invite.supported = {"timer"};
  invite.allow = {"UPDATE"};
  std::string refresher;
  std::uint32_t seconds = 0;
  SECTION("the caller says") {
    invite.session_expires = {600, "uas"};
    refresher = "uas";
    seconds = 600;
  }
  SECTION("the caller leaves it to us") {
    invite.session_expires = {600, ""};
    refresher = "uac";
    seconds = 600;
  }
  SECTION("longer than we like") {
    invite.session_expires = {7200, "uac"};
    refresher = "uac";
    seconds = 1800;
  }
  SECTION("longer than we like, but the path needs it") {
    invite.session_expires = {7200, "uac"};
    invite.min_se = 3600;
    refresher = "uac";
    seconds = 3600;
  }
  SECTION("the caller asked for none, but can") {
    refresher = "uas";
    seconds = 1800;
  }
  SECTION("a proxy asked, the caller cannot") {
    invite.supported.clear();
    invite.session_expires = {600, ""};
    refresher = "uas";
    seconds = 600;
  }
  SECTION("the caller cannot") { invite.supported.clear(); }
  b.incoming(invite);
  b.session->accept("answer-a");
  const Message ok = b.response(1);
  b.send_ack(100);
  if (refresher.empty()) {
    CHECK_FALSE(ok.session_expires);
    b.timers.advance(2h);
    CHECK(b.user.ends == 0);
    return;
  }
  REQUIRE(ok.session_expires);
  CHECK(ok.session_expires->refresher == refresher);
  CHECK(ok.session_expires->seconds == seconds);
  CHECK(ok.requires_option("timer") == (refresher == "uac"));
  b.timers.advance(std::chrono::seconds(seconds / 2));
  CHECK(b.count(Method::update) == (refresher == "uas" ? 1 : 0));
}
