// Requests too long for UDP, to peers whose TCP is not there. RFC 3261 18.1.1.
#include "sip/transaction/tcp_absence.hpp"
#include "transaction_fixture.hpp"

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::test;

namespace {

constexpr std::size_t long_body = 1200;

TransactionId ask_at_length(Layer& layer, const Flow& to = udp_from()) {
  return layer.transactions.request(own_request(Method::invite, long_body), to, &layer.client);
}

}  // namespace

TEST_CASE("a request that is moved to TCP for its length waits a second for it, any other the usual time") {
  Layer layer;
  ask_at_length(layer);
  layer.transactions.request(own_request(Method::invite, long_body), tcp_from(), &layer.client);
  REQUIRE(layer.wire.sent.size() == 2);
  CHECK(layer.wire.sent[0].patience >= seconds(1));
  CHECK(layer.wire.sent[0].patience <= milliseconds(1500));
  CHECK(layer.wire.sent[1].patience == base::Duration());
}

TEST_CASE("where TCP was not to be had, the next long request goes by UDP at once, for an hour") {
  Layer layer;
  ask_at_length(layer);
  layer.timers.advance(seconds(1));
  layer.wire.sent[0].failed();
  REQUIRE(layer.wire.sent.size() == 2);
  CHECK(layer.wire.sent[1].to == udp_from());
  layer.answer(486, "t", 1);

  const std::size_t before = layer.wire.sent.size();
  SECTION("to the same place") {
    const auto start = layer.timers.now();
    ask_at_length(layer);
    REQUIRE(layer.wire.sent.size() == before + 1);
    CHECK(layer.wire.sent.back().to == udp_from());
    CHECK(layer.wire.sent.back().when == start);
    CHECK(layer.last_sent().via[0].transport == "UDP");
    CHECK(layer.transactions.counters().kept_on_udp == 1);
    CHECK(layer.transactions.counters().moved_to_tcp == 1);
    layer.timers.advance(milliseconds(500));  // and is repeated as what goes by UDP is
    CHECK(layer.wire.sent.size() == before + 2);
  }
  SECTION("the ACK of a 2xx, too") {
    CHECK(layer.transactions.send_ack(own_request(Method::ack, long_body), udp_from()));
    CHECK(layer.wire.sent.back().to == udp_from());
  }
  SECTION("to another port there, TCP is tried") {
    ask_at_length(layer, udp_from("198.51.100.7", 5064));
    CHECK(layer.wire.sent.back().to.kind == TransportKind::tcp);
  }
  SECTION("what shall go by TCP goes by TCP") {
    ask_at_length(layer, {TransportKind::tcp, 2, udp_from().remote, 0});
    CHECK(layer.wire.sent.back().to.kind == TransportKind::tcp);
  }
  SECTION("after an hour TCP is tried again") {
    layer.timers.advance(std::chrono::minutes(61));
    ask_at_length(layer);
    CHECK(layer.wire.sent.back().to.kind == TransportKind::tcp);
  }
}

TEST_CASE("an ACK whose TCP fails is remembered, too") {
  Layer layer;
  CHECK(layer.transactions.send_ack(own_request(Method::ack, long_body), udp_from()));
  REQUIRE(layer.wire.sent.back().to.kind == TransportKind::tcp);
  layer.wire.sent.back().failed();
  CHECK(layer.wire.sent.back().to == udp_from());
  ask_at_length(layer);
  CHECK(layer.wire.sent.back().to == udp_from());
}

TEST_CASE("that we had no socket for it is not the peer's fault") {
  Layer layer;
  layer.wire.works = false;
  ask_at_length(layer);
  layer.wire.works = true;
  layer.timers.advance({});
  CHECK(layer.wire.sent.back().to == udp_from());
  ask_at_length(layer);
  CHECK(layer.wire.sent.back().to.kind == TransportKind::tcp);
}

TEST_CASE("a TCP that answered is believed to be there, though it ends before the ACK") {
  Layer layer;
  ask_at_length(layer);
  layer.answer(486);
  REQUIRE(layer.sent() == Words{"INVITE", "ACK"});
  layer.wire.sent[1].failed();
  ask_at_length(layer);
  CHECK(layer.wire.sent.back().to.kind == TransportKind::tcp);
}

TEST_CASE("the memory of places without TCP is bounded: what expires first makes room") {
  TcpAbsence absence(3);
  const base::Time start = base::Time() + std::chrono::hours(100);
  for (std::uint16_t port = 1; port <= 3; ++port) {
    absence.note(endpoint("192.0.2.1", port), start + seconds(port));
  }
  absence.note(endpoint("192.0.2.1", 1), start + seconds(4));  // again: nobody has to go
  CHECK(absence.size() == 3);
  absence.note(endpoint("192.0.2.1", 4), start + seconds(5));
  CHECK(absence.size() == 3);
  CHECK(absence.is_absent(endpoint("192.0.2.1", 1), start + seconds(6)));
  CHECK_FALSE(absence.is_absent(endpoint("192.0.2.1", 2), start + seconds(6)));
  CHECK(absence.is_absent(endpoint("192.0.2.1", 4), start + std::chrono::hours(1)));
  CHECK_FALSE(absence.is_absent(endpoint("192.0.2.1", 4), start + std::chrono::hours(1) + seconds(5)));
  CHECK(absence.size() == 2);
}
