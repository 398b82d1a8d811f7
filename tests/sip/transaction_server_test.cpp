// Server transactions: every timer and path of RFC 3261 17.2, 8.2.2.2, 9.2, 18.2 and RFC 6026 7.1.
#include "sip/transaction_fixture.hpp"

#include <malloc.h>
#include <utility>

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::test;

namespace {

const Ask invite{.method = "INVITE"};

Ask with_method(Ask ask, std::string method) {
  ask.method = std::move(method);
  return ask;
}

}  // namespace

TEST_CASE("an INVITE gets its 100 at once and reaches the user once") {
  Layer layer;
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent() == Words{"100"});
  CHECK(layer.last_sent().to.tag().empty());
  CHECK(layer.server.heard == Words{"INVITE"});
  CHECK(layer.server.last_from == udp_from());
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent() == Words{"100", "100"});
  CHECK(layer.server.heard.size() == 1);
  CHECK(layer.transactions.counters().requests_absorbed == 1);
  CHECK(layer.respond(180));
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent() == Words{"100", "100", "180", "180"});
}

TEST_CASE("a patient layer sends 100 after 200 ms of silence only") {
  Layer layer({.trying_at_once = false});
  const auto start = layer.timers.now();
  layer.transactions.receive(asked(invite), udp_from());
  layer.timers.advance(milliseconds(150));
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent().empty());
  SECTION("silence") {
    layer.timers.advance(milliseconds(500));
    CHECK(layer.sent() == Words{"100"});
    CHECK(layer.times(start) == Times{200});
  }
  SECTION("an answer in time") {
    layer.respond(180);
    layer.timers.advance(milliseconds(500));
    CHECK(layer.sent() == Words{"180"});
  }
}

TEST_CASE("a refusal is sent again by timer G until timer H, and then the user hears of it") {
  Layer layer;
  layer.transactions.receive(asked(invite), udp_from());
  const auto start = layer.timers.now();
  layer.wire.sent.clear();
  CHECK(layer.respond(486));
  CHECK_FALSE(layer.respond(480));
  layer.timers.advance(milliseconds(31999));
  CHECK(layer.times(start) == Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500});
  CHECK(layer.server.heard == Words{"INVITE"});
  layer.timers.advance(milliseconds(1));
  CHECK(layer.server.heard == Words{"INVITE", "failure"});
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("an ACK ends the repetition of a refusal, and is absorbed for T4") {
  Layer layer;
  layer.transactions.receive(asked(invite), udp_from());
  layer.respond(486);
  layer.timers.advance(milliseconds(700));
  layer.transactions.receive(asked(invite), udp_from());  // asks for the 486 again
  CHECK(layer.sent() == Words{"100", "486", "486", "486"});
  Ask ack = with_method(invite, "ACK");
  ack.to_tag = "t1";
  layer.transactions.receive(asked(ack), udp_from());
  layer.timers.advance(milliseconds(4999));
  layer.transactions.receive(asked(ack), udp_from());
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent().size() == 4);
  CHECK(layer.server.heard == Words{"INVITE"});
  CHECK(layer.transactions.counters().acks_absorbed == 2);
  CHECK(layer.transactions.size() == 1);
  layer.timers.advance(milliseconds(1));
  CHECK(layer.transactions.size() == 0);
}

TEST_CASE("by TCP a refusal is sent once, waits for its ACK 64*T1 and is gone with it") {
  Layer layer;
  Ask ask = invite;
  ask.via = "TCP 198.51.100.7:5062";
  layer.transactions.receive(asked(ask), tcp_from());
  layer.respond(603);
  layer.timers.advance(seconds(10));
  CHECK(layer.sent() == Words{"100", "603"});
  SECTION("the ACK comes") {
    layer.transactions.receive(asked(with_method(ask, "ACK")), tcp_from());
    CHECK(layer.transactions.size() == 0);
    CHECK(layer.server.heard == Words{"INVITE"});
  }
  SECTION("it does not") {
    layer.timers.advance(seconds(22));
    CHECK(layer.server.heard == Words{"INVITE", "failure"});
  }
}

TEST_CASE("a 2xx moves to Accepted: INVITEs are absorbed, ACKs passed on, repetitions are the dialog's") {
  Layer layer;
  layer.transactions.receive(asked(invite), udp_from());
  const auto id = layer.server.last_id;
  const Message ok = make_response(layer.server.last, 200, {}, "t1");
  CHECK_FALSE(layer.transactions.repeat(id, ok));
  CHECK(layer.respond(200));
  CHECK_FALSE(layer.respond(200));
  layer.timers.advance(milliseconds(500));
  layer.transactions.receive(asked(invite), udp_from());
  CHECK(layer.sent() == Words{"100", "200"});
  CHECK(layer.transactions.repeat(id, ok));
  CHECK(layer.sent() == Words{"100", "200", "200"});
  CHECK(layer.wire.sent[2].bytes == layer.wire.sent[1].bytes);
  Ask ack = with_method(invite, "ACK");
  ack.branch = "z9hG4bK-ack";
  ack.to_tag = "t1";
  layer.transactions.receive(asked(ack), udp_from());
  ack.branch = invite.branch;  // wrong, and seen in the wild
  layer.transactions.receive(asked(ack), udp_from());
  CHECK(layer.server.heard == Words{"INVITE", "ACK", "ACK"});
  layer.timers.advance(milliseconds(31499));
  CHECK(layer.transactions.size() == 1);
  layer.timers.advance(milliseconds(1));
  CHECK(layer.transactions.size() == 0);
  CHECK_FALSE(layer.transactions.repeat(id, ok));
  CHECK(layer.server.heard.size() == 3);
}

TEST_CASE("an ACK while the INVITE is still open is nobody's") {
  Layer layer;
  layer.transactions.receive(asked(invite), udp_from());
  layer.transactions.receive(asked(with_method(invite, "ACK")), udp_from());
  CHECK(layer.server.heard == Words{"INVITE"});
  CHECK(layer.respond(200));
}

TEST_CASE("other requests are absorbed until answered, then answered again until timer J") {
  Layer layer;
  const Ask ask;
  layer.transactions.receive(asked(ask), udp_from());
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.sent().empty());
  CHECK(layer.server.heard == Words{"OPTIONS"});
  layer.respond(183);
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.sent() == Words{"183", "183"});
  CHECK(layer.respond(200));
  CHECK_FALSE(layer.respond(500));
  layer.timers.advance(milliseconds(31999));
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.sent() == Words{"183", "183", "200", "200"});
  layer.timers.advance(milliseconds(1));
  CHECK(layer.transactions.size() == 0);
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.server.heard == Words{"OPTIONS", "OPTIONS"});
}

TEST_CASE("by TCP an answered request is gone at once, and an unanswered one after 64*T1") {
  Layer layer;
  Ask ask;
  ask.via = "TCP 198.51.100.7:5062";
  layer.transactions.receive(asked(ask), tcp_from());
  CHECK(layer.respond(200));
  CHECK(layer.transactions.size() == 0);
  layer.transactions.receive(asked(ask), tcp_from());
  layer.timers.advance(seconds(32));
  CHECK(layer.transactions.size() == 0);
  CHECK(layer.server.heard == Words{"OPTIONS", "OPTIONS", "failure"});
  CHECK_FALSE(layer.respond(200));
}

TEST_CASE("received and rport are filled in, and the answer goes where RFC 3581 and 18.2.2 say") {
  Layer layer;
  Ask ask;
  ask.via = "UDP 10.77.1.2:5099";
  SECTION("rport asked for: to the source, address and port") {
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.last.via[0].received == "198.51.100.7");
    CHECK(layer.server.last.via[0].rport == 5062);
    layer.respond(200);
    CHECK(layer.wire.sent[0].to == udp_from());
    CHECK(layer.wire.sent[0].bytes.find("rport=5062") != std::string::npos);
    CHECK(layer.wire.sent[0].bytes.find("received=198.51.100.7") != std::string::npos);
  }
  SECTION("not asked for: to the source's address and the sent-by's port") {
    ask.via_parameters = "";
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.last.via[0].received == "198.51.100.7");
    CHECK(layer.server.last.via[0].rport == 0);
    layer.respond(200);
    CHECK(layer.wire.sent[0].to == udp_from("198.51.100.7", 5099));
  }
  SECTION("no port in the sent-by: 5060") {
    ask.via = "UDP 198.51.100.7";
    ask.via_parameters = "";
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.last.via[0].received.empty());
    layer.respond(200);
    CHECK(layer.wire.sent[0].to == udp_from("198.51.100.7", 5060));
  }
  SECTION("what the peer wrote itself, and maddr, are not believed") {
    ask.via_parameters = ";received=203.0.113.66;rport=7;maddr=203.0.113.66";
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.last.via[0].received == "198.51.100.7");
    layer.respond(200);
    CHECK(layer.wire.sent[0].to == udp_from());
  }
  SECTION("a host name is no address") {
    ask.via = "UDP phone.example:5062";
    ask.via_parameters = "";
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.last.via[0].received == "198.51.100.7");
  }
  SECTION("TCP: the same connection, else a new one to the sent-by's port") {
    ask.via = "TCP 10.77.1.2:5099";
    layer.transactions.receive(asked(ask), tcp_from());
    layer.respond(200);
    CHECK(layer.wire.sent[0].to.connection == 9);
    CHECK(layer.wire.sent[0].to.remote == endpoint("198.51.100.7", 5099));
  }
  SECTION("IPv6") {
    ask.via = "UDP [2001:db8::7]:5062";
    ask.via_parameters = "";
    layer.transactions.receive(asked(ask), udp_from("2001:db8::7", 5062));
    CHECK(layer.server.last.via[0].received.empty());
    layer.respond(200);
    CHECK(layer.wire.sent[0].to == udp_from("2001:db8::7", 5062));
  }
}

TEST_CASE("a CANCEL is answered, and the INVITE's user hears of it once while there is no final response") {
  Layer layer;
  const Ask cancel = with_method(invite, "CANCEL");
  layer.transactions.receive(asked(invite), udp_from());
  const auto id = layer.server.last_id;
  SECTION("ringing") {
    layer.respond(180, "ring");
    layer.server.then_cancel = [&](TransactionId which) {
      layer.transactions.respond(which, make_response(layer.server.last, 487, {}, "ring"));
    };
    layer.transactions.receive(asked(cancel), udp_from());
    CHECK(layer.server.heard == Words{"INVITE", "CANCEL"});
    CHECK(layer.server.cancelled == id);
    CHECK(layer.sent() == Words{"100", "180", "200", "487"});
    CHECK(parsed(layer.wire.sent[2].bytes).cseq.method == Method::cancel);
    CHECK(parsed(layer.wire.sent[2].bytes).to.tag() == "ring");
    layer.transactions.receive(asked(cancel), udp_from());  // again: the same 200
    CHECK(layer.sent() == Words{"100", "180", "200", "487", "200"});
    CHECK(layer.wire.sent[4].bytes == layer.wire.sent[2].bytes);
    CHECK(layer.server.heard.size() == 2);
  }
  SECTION("it crossed a 200") {
    layer.respond(200);
    layer.transactions.receive(asked(cancel), udp_from());
    CHECK(layer.sent() == Words{"100", "200", "200"});
    CHECK(layer.server.heard == Words{"INVITE"});
  }
  SECTION("it crossed a refusal") {
    layer.respond(404);
    layer.transactions.receive(asked(cancel), udp_from());
    CHECK(layer.sent() == Words{"100", "404", "200"});
    CHECK(layer.server.heard == Words{"INVITE"});
  }
  SECTION("by TCP, twice") {
    layer.transactions.receive(asked(cancel), tcp_from());
    layer.transactions.receive(asked(cancel), tcp_from());
    CHECK(layer.server.heard == Words{"INVITE", "CANCEL"});
  }
  SECTION("of something else: another branch, another sent-by") {
    Ask other = cancel;
    other.branch = "z9hG4bK-other";
    layer.transactions.receive(asked(other), udp_from());
    other = cancel;
    other.via = "UDP 198.51.100.7:5063";
    layer.transactions.receive(asked(other), udp_from());
    CHECK(layer.sent() == Words{"100", "481", "481"});
    CHECK_FALSE(layer.last_sent().to.tag().empty());
    CHECK(layer.server.heard == Words{"INVITE"});
    CHECK(layer.transactions.counters().stray_cancels == 2);
  }
  layer.timers.advance(seconds(100));
  CHECK(layer.transactions.size() <= 1);
}

TEST_CASE("a request that comes by two ways is answered 482 by the second") {
  Layer layer;
  const auto method = GENERATE(std::string("INVITE"), std::string("MESSAGE"));
  Ask ask;
  ask.method = method;
  layer.transactions.receive(asked(ask), udp_from());
  ask.branch = "z9hG4bK-fork";
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.server.heard == Words{method});
  CHECK(layer.sent().back() == "482");
  CHECK(layer.transactions.counters().merged == 1);
  CHECK(layer.transactions.size() == 1);
  const std::string first = layer.wire.sent.back().bytes;
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.wire.sent.back().bytes == first);  // stateless, so always the same
  SECTION("inside a dialog nothing is merged") {
    ask.to_tag = "t";
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.heard.size() == 2);
  }
  SECTION("after a challenge it may come again") {
    layer.respond(401);
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.heard.size() == 2);
  }
  SECTION("after the end it may come again") {
    layer.respond(200);
    layer.timers.advance(seconds(32));
    CHECK(layer.transactions.size() == 0);
    layer.transactions.receive(asked(ask), udp_from());
    CHECK(layer.server.heard.size() == 2);
  }
}

TEST_CASE("a branch without the magic cookie is matched by what RFC 2543 had") {
  Layer layer;
  Ask ask = invite;
  ask.branch = "1";
  layer.transactions.receive(asked(ask), udp_from());
  layer.transactions.receive(asked(ask), udp_from());
  CHECK(layer.server.heard == Words{"INVITE"});
  layer.transactions.receive(asked(with_method(ask, "CANCEL")), udp_from());
  CHECK(layer.server.heard == Words{"INVITE", "CANCEL"});
  layer.respond(487);
  Ask ack = with_method(ask, "ACK");
  ack.to_tag = "t1";
  layer.transactions.receive(asked(ack), udp_from());
  CHECK(layer.transactions.counters().acks_absorbed == 1);
  Ask other = ask;  // the same branch, another call: another transaction
  other.call_id = "call-2";
  layer.transactions.receive(asked(other), udp_from());
  CHECK(layer.server.heard == Words{"INVITE", "CANCEL", "INVITE"});
  other.cseq = 2;
  layer.transactions.receive(asked(other), udp_from());
  CHECK(layer.server.heard.size() == 4);
}

TEST_CASE("the same branch from another host, or with another method, is another transaction") {
  Layer layer;
  Ask ask;
  layer.transactions.receive(asked(ask), udp_from());
  ask.via = "UDP 203.0.113.5:5062";
  ask.call_id = "call-2";
  layer.transactions.receive(asked(ask), udp_from("203.0.113.5"));
  ask.method = "INFO";
  layer.transactions.receive(asked(ask), udp_from("203.0.113.5"));
  ask.method = "FANCY";
  layer.transactions.receive(asked(ask), udp_from("203.0.113.5"));
  CHECK(layer.server.heard == Words{"OPTIONS", "OPTIONS", "INFO", "FANCY"});
  ask.via = "UDP 203.0.113.5:5062";
  layer.transactions.receive(asked(ask), udp_from("203.0.113.5"));
  CHECK(layer.server.heard.size() == 4);
}

TEST_CASE("above the limit requests are refused and nothing is kept, and what is known goes on") {
  Layer layer({.max_server = 1});
  layer.transactions.receive(asked(invite), udp_from());
  Ask more;
  more.branch = "z9hG4bK-2";
  more.call_id = "call-2";
  layer.transactions.receive(asked(more), udp_from());
  CHECK(layer.server.heard == Words{"INVITE"});
  CHECK(layer.sent() == Words{"100", "503"});
  REQUIRE(layer.last_sent().header("Retry-After") != nullptr);
  CHECK(layer.transactions.counters().overloaded == 1);
  layer.transactions.receive(asked(with_method(invite, "CANCEL")), udp_from());
  CHECK(layer.sent() == Words{"100", "503", "200"});
  CHECK(layer.server.heard == Words{"INVITE", "CANCEL"});
  layer.transactions.receive(asked(with_method(invite, "CANCEL")), udp_from());
  CHECK(layer.server.heard.size() == 2);
  CHECK(layer.respond(487));
  layer.transactions.receive(asked(with_method(invite, "ACK")), udp_from());
  layer.timers.advance(seconds(5));
  CHECK(layer.transactions.size() == 0);
  layer.transactions.receive(asked(more), udp_from());
  CHECK(layer.server.heard.back() == "OPTIONS");
}

TEST_CASE("a response that cannot be sent is told by another turn") {
  Layer layer;
  SECTION("UDP, at once") {
    layer.transactions.receive(asked(invite), udp_from());
    layer.wire.works = false;
    CHECK(layer.respond(486));
    CHECK(layer.server.heard == Words{"INVITE"});
    layer.timers.advance({});
    CHECK(layer.server.heard == Words{"INVITE", "failure"});
    CHECK(layer.transactions.size() == 0);
  }
  SECTION("TCP, later; a 2xx keeps its transaction, so that the INVITE stays absorbed") {
    layer.transactions.receive(asked(invite), tcp_from());
    CHECK(layer.respond(200));
    layer.wire.sent.back().failed();
    CHECK(layer.server.heard == Words{"INVITE", "failure"});
    layer.transactions.receive(asked(invite), tcp_from());
    CHECK(layer.server.heard.size() == 2);
    layer.timers.advance(seconds(32));
    CHECK(layer.transactions.size() == 0);
    layer.wire.sent.back().failed();
    CHECK(layer.server.heard.size() == 2);
  }
  SECTION("a CANCEL's 200: nobody hears of it") {
    layer.transactions.receive(asked(invite), udp_from());
    layer.wire.works = false;
    layer.transactions.receive(asked(with_method(invite, "CANCEL")), udp_from());
    layer.timers.advance({});
    CHECK(layer.server.heard == Words{"INVITE", "CANCEL"});
  }
}

TEST_CASE("the user may answer and ask from inside its callbacks") {
  Layer layer;
  layer.server.then = [&](TransactionId id) {
    layer.transactions.respond(id, make_response(layer.server.last, 180, {}, "t"));
    layer.transactions.request(own_request(Method::options), udp_from(), &layer.client);
    layer.transactions.respond(id, make_response(layer.server.last, 200, {}, "t"));
  };
  const auto flow = GENERATE(udp_from(), tcp_from());
  layer.transactions.receive(asked(invite), flow);
  CHECK(layer.sent() == Words{"100", "180", "OPTIONS", "200"});
  layer.transactions.receive(asked({.branch = "z9hG4bK-9", .call_id = "c9"}), flow);
  CHECK(layer.sent().back() == "200");
}

TEST_CASE("without a user requests are dropped and counted; ids are never used twice") {
  Layer layer;
  layer.transactions.set_user(nullptr);
  layer.transactions.receive(asked(invite), udp_from());
  layer.transactions.receive(asked(with_method(invite, "ACK")), udp_from());
  CHECK(layer.transactions.counters().without_user == 1);
  CHECK(layer.transactions.size() == 0);
  layer.transactions.set_user(&layer.server);
  layer.transactions.receive(asked(invite), tcp_from());
  const auto first = layer.server.last_id;
  layer.respond(486);
  layer.transactions.receive(asked(with_method(invite, "ACK")), tcp_from());
  CHECK(layer.transactions.size() == 0);
  layer.transactions.receive(asked(invite), tcp_from());
  CHECK(layer.server.last_id != first);
  CHECK_FALSE(layer.transactions.respond(first, make_response(layer.server.last, 200)));
  CHECK_FALSE(layer.transactions.respond(0, make_response(layer.server.last, 200)));
}

// 1,500 calls a second hold some 150,000 finished transactions for 32 s.
TEST_CASE("a finished transaction keeps its key and its last response, and nothing else") {
  Layer layer;
  const auto used = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  if (used() == 0) {
    return;  // a sanitizer's allocator does not tell
  }
  layer.wire.sent.reserve(8000);
  const auto each = [&](const auto& make) {
    make(0);
    layer.wire.sent.clear();
    const auto before = used();
    for (int i = 1; i <= 2000; ++i) {
      make(i);
      layer.wire.sent.clear();
    }
    return (used() - before) / 2000;
  };
  layer.server.then = [&](TransactionId id) {
    Message response = make_response(std::exchange(layer.server.last, {}), 200, {}, "t1");
    layer.transactions.respond(id, response);
    layer.server.heard.clear();
  };
  CHECK(each([&](int i) {
          Ask bye{.method = "BYE", .branch = fmt::format("z9hG4bK-{}", i), .to_tag = "t"};
          layer.transactions.receive(asked(bye), udp_from());
        }) < 700);
  CHECK(each([&](int) {
          layer.transactions.request(own_request(Method::invite), udp_from(), &layer.client);
          layer.answer(200);
          layer.client.heard.clear();
        }) < 400);
}
