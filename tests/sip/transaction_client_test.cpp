// Client transactions: every timer and path of RFC 3261 17.1 and RFC 6026 7.2, by exact times.
#include "sip/transaction_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::test;

TEST_CASE("an INVITE by UDP that nobody answers is sent seven times and fails after 64*T1") {
  Layer layer;
  const auto start = layer.timers.now();
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  REQUIRE(id != 0);
  layer.timers.advance(milliseconds(31999));
  CHECK(layer.times(start) == Times{0, 500, 1500, 3500, 7500, 15500, 31500});
  CHECK(layer.client.heard.empty());
  layer.timers.advance(milliseconds(1));
  CHECK(layer.client.heard == Words{"timeout"});
  CHECK(layer.client.last_id == id);
  CHECK(layer.transactions.size() == 0);
  layer.timers.advance(seconds(100));
  CHECK(layer.wire.sent.size() == 7);
  CHECK(layer.transactions.counters().timeouts == 1);
  CHECK(layer.transactions.counters().retransmitted == 6);
}

TEST_CASE("who knows another place hurries: no answer at all is one sooner, and any answer ends the hurry") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.transactions.hurry(id, seconds(6));
  layer.timers.advance(milliseconds(5999));
  CHECK(layer.client.heard.empty());
  SECTION("silence") {
    layer.timers.advance(milliseconds(1));
    CHECK(layer.client.heard == Words{"timeout"});
    CHECK(layer.transactions.size() == 0);
    layer.timers.advance(seconds(40));
    CHECK(layer.client.heard == Words{"timeout"});
  }
  SECTION("a 100 in time") {
    layer.answer(100);
    layer.timers.advance(seconds(60));
    CHECK(layer.client.heard.empty());
    layer.transactions.hurry(id, seconds(1));  // too late: somebody works on it
    layer.timers.advance(seconds(60));
    CHECK(layer.client.heard.empty());
    layer.answer(486);
    CHECK(layer.client.heard == Words{"486"});
  }
}

TEST_CASE("the Via of a request names our address, asks for rport and has a branch of its own") {
  Layer layer;
  layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
  layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
  layer.transactions.request(own_request(Method::options),
                             {TransportKind::udp, 1, endpoint("2001:db8::7", 5060), 0}, &layer.client);
  const Message one = parsed(layer.wire.sent[0].bytes);
  const Message two = parsed(layer.wire.sent[1].bytes);
  REQUIRE(one.via.size() == 1);
  CHECK(one.via[0].transport == "UDP");
  CHECK(one.via[0].host == "192.0.2.1");
  CHECK(one.via[0].port == 5060);
  CHECK(one.via[0].wants_rport);
  CHECK(one.via[0].branch.starts_with("z9hG4bK"));
  CHECK(one.via[0].branch.size() >= 20);
  CHECK(one.via[0].branch != two.via[0].branch);
  CHECK(parsed(layer.wire.sent[2].bytes).via[0].host == "2001:db8::1");
}

TEST_CASE("an INVITE by TCP is sent once and still fails after 64*T1") {
  Layer layer;
  layer.transactions.request(own_request(Method::invite), tcp_from(), &layer.client);
  CHECK(layer.last_sent().via[0].transport == "TCP");
  CHECK(layer.last_sent().via[0].port == 5070);
  layer.timers.advance(milliseconds(31999));
  CHECK(layer.wire.sent.size() == 1);
  layer.timers.advance(milliseconds(1));
  CHECK(layer.client.heard == Words{"timeout"});
}

TEST_CASE("a provisional response ends the retransmissions of an INVITE and timer B") {
  Layer layer;
  layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.timers.advance(milliseconds(600));
  layer.answer(100);
  CHECK(layer.client.heard.empty());  // 100 is hop by hop
  layer.answer(180);
  layer.answer(183, "t2");
  CHECK(layer.client.heard == Words{"180", "183"});
  layer.timers.advance(seconds(600));
  CHECK(layer.wire.sent.size() == 2);
  CHECK(layer.transactions.size() == 1);
}

TEST_CASE("a refused INVITE is acknowledged, again for each retransmission, for 32 s") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  REQUIRE(layer.transactions.sent_request(id) != nullptr);
  bool there = false;
  layer.client.then = [&](TransactionId same, const Message&) {
    there = layer.transactions.sent_request(same) != nullptr;
  };
  layer.answer(486, "busy");
  CHECK(there);
  CHECK(layer.transactions.sent_request(id) == nullptr);
  CHECK(layer.client.heard == Words{"486"});
  REQUIRE(layer.sent() == Words{"INVITE", "ACK"});
  const Message invite = parsed(layer.wire.sent[0].bytes);
  const Message ack = parsed(layer.wire.sent[1].bytes);
  CHECK(ack.via[0].branch == invite.via[0].branch);
  CHECK(ack.to.tag() == "busy");
  CHECK(ack.cseq.number == invite.cseq.number);
  CHECK(layer.wire.sent[1].to == udp_from());
  layer.timers.advance(seconds(31));
  layer.answer(486, "busy");
  CHECK(layer.sent() == Words{"INVITE", "ACK", "ACK"});
  CHECK(layer.wire.sent[2].bytes == layer.wire.sent[1].bytes);
  CHECK(layer.client.heard.size() == 1);
  layer.answer(200, "late");  // Completed absorbs what the RFC forbids
  layer.answer(180, "late");
  CHECK(layer.client.heard.size() == 1);
  layer.timers.advance(seconds(1));
  CHECK(layer.transactions.size() == 0);
  layer.answer(486, "busy");
  CHECK(layer.wire.sent.size() == 3);
  CHECK(layer.transactions.counters().stray_responses == 1);
}

TEST_CASE("a refused INVITE by TCP is acknowledged and gone") {
  Layer layer;
  layer.transactions.request(own_request(Method::invite), tcp_from(), &layer.client);
  layer.answer(404);
  CHECK(layer.sent() == Words{"INVITE", "ACK"});
  CHECK(layer.client.heard == Words{"404"});
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("each 2xx to an INVITE is passed on for 64*T1, and the layer acknowledges none") {
  Layer layer;
  const auto flow = GENERATE(udp_from(), tcp_from());
  const auto id = layer.transactions.request(own_request(Method::invite), flow, &layer.client);
  layer.answer(180);
  layer.answer(200, "a");
  layer.timers.advance(milliseconds(500));
  layer.answer(200, "a");
  layer.answer(200, "b");  // downstream forking
  layer.answer(180, "b");
  layer.answer(486, "c");
  CHECK(layer.client.heard == Words{"180", "200", "200", "200"});
  CHECK(layer.client.last_id == id);
  CHECK(layer.sent() == Words{"INVITE"});
  layer.timers.advance(milliseconds(31499));
  CHECK(layer.transactions.size() == 1);
  layer.timers.advance(milliseconds(1));
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("other requests are sent again by timer E until timer F") {
  Layer layer;
  const auto start = layer.timers.now();
  layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
  layer.timers.advance(milliseconds(31999));
  CHECK(layer.times(start) == Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500});
  layer.timers.advance(milliseconds(1));
  CHECK(layer.client.heard == Words{"timeout"});
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("after a provisional response timer E is T2, and timer F runs on") {
  Layer layer;
  const auto start = layer.timers.now();
  layer.transactions.request(own_request(Method::registration), udp_from(), &layer.client);
  layer.timers.advance(milliseconds(100));
  layer.answer(100);
  layer.timers.advance(milliseconds(31899));
  CHECK(layer.times(start) == Times{0, 500, 4500, 8500, 12500, 16500, 20500, 24500, 28500});
  layer.timers.advance(milliseconds(1));
  CHECK(layer.client.heard == Words{"timeout"});
}

TEST_CASE("a final response to another request is passed on once, its repetitions absorbed for T4") {
  Layer layer;
  layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
  layer.answer(200);
  layer.answer(200);
  CHECK(layer.client.heard == Words{"200"});
  CHECK(layer.transactions.counters().responses_absorbed == 1);
  layer.timers.advance(milliseconds(4999));
  CHECK(layer.transactions.size() == 1);
  layer.timers.advance(milliseconds(1));
  CHECK(layer.transactions.size() == 0);
  CHECK(layer.wire.sent.size() == 1);
}

TEST_CASE("by TCP a finished transaction of another request is gone at once") {
  Layer layer;
  layer.transactions.request(own_request(Method::options), tcp_from(), &layer.client);
  layer.timers.advance(seconds(20));
  CHECK(layer.wire.sent.size() == 1);
  layer.answer(503);  // a response like any other, not a failure
  CHECK(layer.client.heard == Words{"503"});
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("a response that is not ours is dropped") {
  Layer layer;
  layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
  const Message good = make_response(layer.last_sent(), 200, {}, "t");
  SECTION("another branch") {
    Message bad = good;
    bad.via[0].branch += "x";
    layer.transactions.receive(bad, udp_from());
  }
  SECTION("another sent-by") {
    Message bad = good;
    bad.via[0].host = "203.0.113.9";
    layer.transactions.receive(bad, udp_from());
  }
  SECTION("another method") {
    Message bad = good;
    bad.cseq.method = Method::invite;
    bad.cseq.method_token = "INVITE";
    layer.transactions.receive(bad, udp_from());
  }
  SECTION("somebody else's Via below ours") {
    Message bad = good;
    bad.via.push_back(bad.via[0]);
    layer.transactions.receive(bad, udp_from());
  }
  SECTION("no Via at all") {
    Message bad = good;
    bad.via.clear();
    layer.transactions.receive(bad, udp_from());
  }
  CHECK(layer.client.heard.empty());
  CHECK(layer.transactions.counters().stray_responses == 1);
  layer.transactions.receive(good, udp_from());
  CHECK(layer.client.heard == Words{"200"});
}

TEST_CASE("what cannot be sent fails by another turn") {
  Layer layer;
  layer.wire.works = false;
  const auto method = GENERATE(Method::invite, Method::options);
  const auto id = layer.transactions.request(own_request(method), udp_from(), &layer.client);
  CHECK(id != 0);
  CHECK(layer.client.heard.empty());
  layer.timers.advance({});
  CHECK(layer.client.heard == Words{"transport"});
  CHECK(layer.client.last_id == id);
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("a connection that comes to nothing is a transport failure, after a final response it is none") {
  Layer layer;
  layer.transactions.request(own_request(Method::invite), tcp_from(), &layer.client);
  layer.wire.sent[0].failed();
  CHECK(layer.client.heard == Words{"transport"});
  layer.wire.sent[0].failed();
  CHECK(layer.client.heard.size() == 1);

  layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.wire.works = false;
  layer.answer(486, "b", 1);  // its ACK cannot be sent
  layer.timers.advance({});
  CHECK(layer.client.heard == Words{"transport", "486"});
  CHECK(layer.transactions.size() == 1);
}

TEST_CASE("a pending failure is forgotten with the layer") {
  base::ManualTimers timers;
  RecordingWire wire(timers);
  RecordingClient client;
  wire.works = false;
  {
    Transactions transactions(timers, wire, {});
    transactions.request(own_request(Method::invite), udp_from(), &client);
  }
  CHECK(timers.size() == 0);
  timers.advance(seconds(40));
  CHECK(client.heard.empty());
}

TEST_CASE("a long request on UDP goes by TCP, and falls back when TCP is not to be had") {
  Layer layer;
  const auto start = layer.timers.now();
  const auto id = layer.transactions.request(own_request(Method::invite, 1200), udp_from(), &layer.client);
  REQUIRE(layer.wire.sent.size() == 1);
  CHECK(layer.wire.sent[0].to.kind == TransportKind::tcp);
  CHECK(layer.wire.sent[0].to.remote == udp_from().remote);
  CHECK(layer.last_sent().via[0].transport == "TCP");
  CHECK(layer.last_sent().via[0].port == 5070);
  CHECK(layer.transactions.counters().moved_to_tcp == 1);
  SECTION("TCP works") {
    layer.timers.advance(seconds(10));
    CHECK(layer.wire.sent.size() == 1);
    layer.answer(200);
    CHECK(layer.client.heard == Words{"200"});
  }
  SECTION("TCP does not answer") {
    layer.timers.advance(seconds(5));
    layer.wire.sent[0].failed();
    REQUIRE(layer.wire.sent.size() == 2);
    CHECK(layer.wire.sent[1].to == udp_from());
    CHECK(layer.last_sent().via[0].transport == "UDP");
    CHECK(layer.last_sent().via[0].port == 5060);
    CHECK(layer.client.heard.empty());
    layer.timers.advance(seconds(4));
    CHECK(layer.times(start) == Times{0, 5000, 5500, 6500, 8500});
    CHECK(layer.transactions.counters().moved_back == 1);
    layer.answer(180, "t", 1);
    layer.answer(200, "t", 1);
    CHECK(layer.client.heard == Words{"180", "200"});
    CHECK(layer.client.last_id == id);
  }
  SECTION("neither works") {
    layer.wire.works = false;
    layer.wire.sent[0].failed();
    CHECK(layer.client.heard.empty());
    layer.timers.advance({});
    CHECK(layer.client.heard == Words{"transport"});
  }
}

TEST_CASE("a long request falls back also when TCP is refused at once") {
  Layer layer;
  layer.wire.works = false;
  layer.transactions.request(own_request(Method::options, 1200), udp_from(), &layer.client);
  layer.wire.works = true;
  layer.timers.advance({});
  CHECK(layer.sent() == Words{"OPTIONS", "OPTIONS"});
  CHECK(layer.wire.sent[1].to == udp_from());
  layer.answer(200, "t", 1);
  CHECK(layer.client.heard == Words{"200"});
}

TEST_CASE("a request of 1,300 bytes stays on UDP, one of 1,301 does not") {
  Layer layer;
  layer.transactions.request(own_request(Method::options, 1000), udp_from(), &layer.client);
  const std::size_t body =
      1000 + 1300 - layer.wire.sent[0].bytes.size();  // the same four digits of Content-Length
  REQUIRE(body >= 1000);
  layer.transactions.request(own_request(Method::options, body), udp_from(), &layer.client);
  CHECK(layer.wire.sent[1].bytes.size() == 1300);
  CHECK(layer.wire.sent[1].to.kind == TransportKind::udp);
  layer.transactions.request(own_request(Method::options, body + 1), udp_from(), &layer.client);
  CHECK(layer.wire.sent[2].to.kind == TransportKind::tcp);
}

TEST_CASE("a CANCEL waits for a provisional response, and the INVITE fails 64*T1 after it") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.transactions.cancel(id, "SIP;cause=200");
  layer.transactions.cancel(id, "SIP;cause=200");
  CHECK(layer.sent() == Words{"INVITE"});
  layer.timers.advance(milliseconds(500));
  CHECK(layer.sent() == Words{"INVITE", "INVITE"});
  layer.answer(180);
  REQUIRE(layer.sent() == Words{"INVITE", "INVITE", "CANCEL"});
  const Message cancel = layer.last_sent();
  const Message invite = parsed(layer.wire.sent[0].bytes);
  CHECK(cancel.via[0].branch == invite.via[0].branch);
  CHECK(cancel.cseq.number == invite.cseq.number);
  CHECK(cancel.to.tag().empty());
  REQUIRE(cancel.header("Reason") != nullptr);
  CHECK(*cancel.header("Reason") == "SIP;cause=200");
  layer.answer(200, "t", 2);  // to the CANCEL: nobody hears of it
  layer.answer(180);
  CHECK(layer.client.heard == Words{"180", "180"});
  SECTION("487 ends it") {
    layer.answer(487);
    CHECK(layer.client.heard == Words{"180", "180", "487"});
    CHECK(layer.sent() == Words{"INVITE", "INVITE", "CANCEL", "ACK"});
  }
  SECTION("a 200 that crossed it is passed on") {
    layer.answer(200);
    CHECK(layer.client.heard == Words{"180", "180", "200"});
    layer.transactions.cancel(id);
    CHECK(layer.sent().size() == 3);
  }
  SECTION("nothing more comes") {
    layer.timers.advance(milliseconds(31999));
    CHECK(layer.client.heard.size() == 2);
    layer.timers.advance(milliseconds(1));
    CHECK(layer.client.heard == Words{"180", "180", "timeout"});
  }
}

TEST_CASE("a CANCEL after a provisional response goes at once, once, with its own timers") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.answer(100);
  const auto start = layer.timers.now();
  layer.transactions.cancel(id);
  layer.transactions.cancel(id);
  CHECK(layer.sent() == Words{"INVITE", "CANCEL"});
  CHECK(layer.last_sent().header("Reason") == nullptr);
  layer.timers.advance(milliseconds(3600));
  CHECK(layer.times(start) == Times{0, 0, 500, 1500, 3500});
  layer.answer(481, "x", 1);
  layer.timers.advance(seconds(40));
  CHECK(layer.client.heard == Words{"timeout"});
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("a CANCEL goes to where the phone has moved, on the same transport only") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), tcp_from(), &layer.client);
  layer.answer(180);
  layer.transactions.reroute(id, tcp_from("198.51.100.8", 40002, 10));
  layer.transactions.reroute(id, udp_from());
  layer.transactions.cancel(id);
  REQUIRE(layer.sent() == Words{"INVITE", "CANCEL"});
  CHECK(layer.wire.sent[1].to.connection == 10);
  layer.transactions.reroute(4711, udp_from());
}

TEST_CASE("a CANCEL that never gets its provisional response ends with timer B") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  layer.transactions.cancel(id);
  layer.timers.advance(seconds(32));
  CHECK(layer.client.heard == Words{"timeout"});
  CHECK(layer.sent() == Words{"INVITE", "INVITE", "INVITE", "INVITE", "INVITE", "INVITE", "INVITE"});
}

TEST_CASE("an abandoned transaction runs to its end and tells nobody") {
  Layer layer;
  SECTION("unanswered") {
    const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
    layer.transactions.abandon(id);
    layer.timers.advance(seconds(32));
    CHECK(layer.wire.sent.size() == 7);
  }
  SECTION("cancelled and refused") {
    const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
    layer.transactions.cancel(id);
    layer.transactions.abandon(id);
    layer.answer(180);
    layer.answer(487);
    CHECK(layer.sent() == Words{"INVITE", "CANCEL", "ACK"});
    layer.timers.advance(seconds(40));
  }
  SECTION("ringing for ever: timer C") {
    const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
    layer.answer(180);
    layer.client.heard.clear();
    layer.transactions.abandon(id);
    layer.timers.advance(milliseconds(179999));
    CHECK(layer.transactions.size() == 1);
    layer.timers.advance(milliseconds(1));
  }
  SECTION("abandoned first, ringing for ever later") {
    layer.transactions.abandon(
        layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client));
    layer.answer(180);
    layer.timers.advance(seconds(180));
  }
  SECTION("another request") {
    layer.transactions.abandon(
        layer.transactions.request(own_request(Method::bye), udp_from(), &layer.client));
    layer.answer(200);
    layer.timers.advance(seconds(5));
  }
  CHECK(layer.client.heard.empty());
  CHECK(layer.transactions.size() == 0);
  layer.transactions.abandon(4711);
  layer.transactions.cancel(4711);
  CHECK(layer.transactions.sent_request(4711) == nullptr);
}

namespace {

/// A 200 of a phone behind a proxy, as late as one likes.
void answer_late(Layer& layer, const std::string& tag, std::size_t at = 0) {
  Message response = make_response(parsed(layer.wire.sent.at(at).bytes), 200, {}, tag);
  response.contact = {*parse_address("<sip:" + tag + "@198.51.100.9:5064>")};
  response.record_route = {*parse_address("<sip:198.51.100.7:5062;lr;second>"),
                           *parse_address("<sip:198.51.100.7:5062;lr;first>")};
  layer.transactions.receive(std::move(response), udp_from());
}

}  // namespace

TEST_CASE(
    "a 200 to an abandoned INVITE is acknowledged, and ended once for each To tag nobody has heard of") {
  Layer layer;
  const auto id = layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
  SECTION("the call was over: its own 200 again, then that of another fork") {
    layer.answer(200, "own");
    REQUIRE(layer.client.heard == Words{"200"});
    layer.transactions.abandon(id);
    answer_late(layer, "own");
    CHECK(layer.sent() == Words{"INVITE", "ACK"});
    answer_late(layer, "fork");
    CHECK(layer.sent() == Words{"INVITE", "ACK", "ACK", "BYE"});
    const Message ack = parsed(layer.wire.sent[2].bytes);
    CHECK(ack.request_uri.text() == "sip:fork@198.51.100.9:5064");
    CHECK(ack.to.tag() == "fork");
    CHECK(ack.from.tag() == "f1");
    CHECK(ack.cseq.number == 1);
    REQUIRE(ack.route.size() == 2);
    CHECK(ack.route[0].text() == "<sip:198.51.100.7:5062;lr;first>");
    const Message bye = layer.last_sent();
    CHECK(bye.call_id == ack.call_id);
    CHECK(bye.to.tag() == "fork");
    CHECK(bye.cseq.number > 1);
    CHECK(bye.via[0].branch != ack.via[0].branch);
    answer_late(layer, "fork");
    CHECK(layer.sent() == Words{"INVITE", "ACK", "ACK", "BYE", "ACK"});
    CHECK(layer.client.heard == Words{"200"});
  }
  SECTION("two that cross the CANCEL, of which the user hears one") {
    layer.answer(180);
    layer.transactions.cancel(id);
    layer.answer(200, "one");
    layer.transactions.abandon(id);
    answer_late(layer, "two");
    answer_late(layer, "one");
    CHECK(layer.sent() == Words{"INVITE", "CANCEL", "ACK", "BYE", "ACK"});
  }
  SECTION("two that cross the CANCEL of a user who has left, with the INVITE's credentials") {
    layer.transactions.abandon(id);
    Message again = own_request(Method::invite);
    again.authorization = {"Digest username=\"a\""};
    layer.wire.sent.clear();
    const auto other = layer.transactions.request(std::move(again), udp_from(), &layer.client);
    layer.answer(180);
    layer.transactions.cancel(other);
    layer.transactions.abandon(other);
    answer_late(layer, "one");
    answer_late(layer, "two");
    answer_late(layer, "two");
    CHECK(layer.sent() == Words{"INVITE", "CANCEL", "ACK", "BYE", "ACK", "BYE", "ACK"});
    CHECK(parsed(layer.wire.sent[2].bytes).authorization == Words{"Digest username=\"a\""});
  }
  SECTION("a hundred forks are too many") {
    layer.transactions.abandon(id);
    for (int i = 0; i < 100; ++i) {
      answer_late(layer, "fork" + std::to_string(i));
    }
    CHECK(layer.transactions.counters().unwanted == 32);
  }
  layer.timers.advance(seconds(31));
  layer.wire.sent.resize(1);
  layer.timers.advance(seconds(60));
  CHECK(layer.transactions.size() == 0);
  layer.wire.sent.resize(1);
  answer_late(layer, "own");  // 64*T1 later nobody's
  CHECK(layer.wire.sent.size() == 1);
}

TEST_CASE("a 200 to an abandoned re-INVITE is acknowledged; its dialog has had its BYE") {
  Layer layer;
  Message again = own_request(Method::invite);
  again.to.parameters.set("tag", "peer");
  layer.transactions.abandon(layer.transactions.request(std::move(again), udp_from(), &layer.client));
  layer.answer(200, "peer");
  layer.answer(200, "peer");
  CHECK(layer.sent() == Words{"INVITE", "ACK", "ACK"});
}

TEST_CASE("a user may end itself, cancel, and ask again from inside its callback") {
  Layer layer;
  auto user = std::make_unique<RecordingClient>();
  SECTION("abandons and dies in on_response") {
    user->then = [&](TransactionId id, const Message&) {
      layer.transactions.cancel(id);
      layer.transactions.abandon(id);
      user.reset();
    };
    layer.transactions.request(own_request(Method::invite), udp_from(), user.get());
    layer.answer(180);
    CHECK(user == nullptr);
    layer.answer(200);
    CHECK(layer.sent() == Words{"INVITE", "CANCEL", "ACK", "BYE"});
  }
  SECTION("asks again in on_response, as after a challenge") {
    user->then = [&](TransactionId id, const Message&) {
      user->then = {};
      Message again = *layer.transactions.sent_request(id);
      again.via.clear();
      ++again.cseq.number;
      layer.transactions.request(std::move(again), udp_from(), user.get());
    };
    const auto flow = GENERATE(udp_from(), tcp_from());
    layer.transactions.request(own_request(Method::registration), flow, user.get());
    layer.answer(401);
    layer.answer(200, "t", 1);
    CHECK(user->heard == Words{"401", "200"});
  }
  SECTION("asks again and abandons in on_failure") {
    user->after_failure = [&](TransactionId id) {
      user->after_failure = {};
      layer.wire.works = true;
      layer.transactions.abandon(id);
      layer.transactions.request(own_request(Method::options), udp_from(), user.get());
    };
    layer.wire.works = false;
    layer.transactions.request(own_request(Method::options), udp_from(), user.get());
    layer.timers.advance({});
    layer.answer(200, "t", 1);
    CHECK(user->heard == Words{"transport", "200"});
  }
}

TEST_CASE("an ACK of a 2xx gets a Via of its own and no transaction") {
  Layer layer;
  CHECK(layer.transactions.send_ack(own_request(Method::ack), udp_from()));
  CHECK(layer.transactions.send_ack(own_request(Method::ack), udp_from()));
  CHECK(layer.transactions.size() == 0);
  CHECK(parsed(layer.wire.sent[0].bytes).via[0].branch != parsed(layer.wire.sent[1].bytes).via[0].branch);
  SECTION("a long one tries TCP first") {
    CHECK(layer.transactions.send_ack(own_request(Method::ack, 2000), udp_from()));
    REQUIRE(layer.wire.sent.size() == 3);
    CHECK(layer.wire.sent[2].to.kind == TransportKind::tcp);
    layer.wire.sent[2].failed();
    REQUIRE(layer.wire.sent.size() == 4);
    CHECK(layer.wire.sent[3].to == udp_from());
    CHECK(layer.last_sent().via[0].transport == "UDP");
  }
  SECTION("one that cannot be sent says so") {
    layer.wire.works = false;
    CHECK_FALSE(layer.transactions.send_ack(own_request(Method::ack), udp_from()));
  }
}
