// Two sessions that talk to each other through real transactions, and a wire that loses, delays and repeats.
#include "session_fixture.hpp"
#include "sip/transaction/transactions.hpp"

#include <random>

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

namespace {

struct Side;

/// Carries datagrams between two sides as bytes; loses some.
struct Cable {
  base::ManualTimers timers;
  std::mt19937 random{1};
  unsigned loss_percent = 0;
  void carry(Side& to, std::string bytes);
};

struct Side final : Wire, ServerUser {
  Side(Cable& c, const char* address, const char* other_address)
      : cable(c),
        here(udp_flow(address, 5060)),
        there(udp_flow(other_address, 5060)),
        transactions(c.timers, *this, {}) {
    transactions.set_user(this);
    settings.contact_user = "u";
  }
  bool send(const Flow&, std::string bytes, std::function<void()>) override {
    cable.carry(*other, std::move(bytes));
    return true;
  }
  base::Endpoint advertised_for(const Flow&) const override { return here.remote; }

  void on_request(TransactionId id, Message request, const Flow& from) override {
    if (session) {
      session->on_request(id, std::move(request), from);
    } else if (request.method == Method::invite && request.to.tag().empty()) {
      IncomingCall call;
      call.invite = std::move(request);
      call.from = from;
      call.transaction = id;
      session = Session::incoming({&cable.timers, &transactions}, settings, std::move(call), &user);
    } else {
      transactions.respond(id, make_response(request, 481, {}, "none"));
    }
  }
  void on_ack(const Message& ack, const Flow&) override {
    if (session) session->on_ack(ack);
  }
  void on_cancel(TransactionId, const Message& cancel) override {
    if (session) session->on_cancel(cancel);
  }
  void on_server_failure(TransactionId id) override {
    if (session) session->on_server_failure(id);
  }
  void call_other() {
    OutgoingCall call;
    call.request_uri = *parse_uri("sip:1001@192.0.2.2");
    call.to = there;
    call.from = *parse_address("<sip:box@example.net>");
    call.to_header = *parse_address("<sip:1001@example.net>");
    call.sdp = "v=0\r\n";
    session = Session::outgoing({&cable.timers, &transactions}, settings, std::move(call), &user);
  }
  [[nodiscard]] bool heard(std::string_view what) const {
    for (const auto& line : user.heard) {
      if (line.starts_with(what)) return true;
    }
    return false;
  }

  Cable& cable;
  Side* other = nullptr;
  Flow here, there;
  Transactions transactions;
  SessionSettings settings;
  Recorder user;
  std::unique_ptr<Session> session;
};

void Cable::carry(Side& to, std::string bytes) {
  if (random() % 100 < loss_percent) return;
  const unsigned copies = loss_percent != 0 && random() % 20 == 0 ? 2 : 1;
  for (unsigned i = 0; i < copies; ++i) {
    timers.after(std::chrono::milliseconds(1 + (loss_percent != 0 ? random() % 40 : 0)), [&to, bytes] {
      auto parsed = parse_datagram(bytes);
      INFO(bytes);
      REQUIRE(parsed.message);
      to.transactions.receive(std::move(*parsed.message), to.there);
    });
  }
}

struct Pair {
  explicit Pair(unsigned loss = 0, unsigned seed = 1) {
    cable.loss_percent = loss;
    cable.random.seed(seed);
    a.other = &b;
    b.other = &a;
  }
  ~Pair() {
    a.session.reset();
    b.session.reset();
    cable.timers.advance(200s);
    CHECK(cable.timers.size() == 0);
    CHECK(a.transactions.size() == 0);
    CHECK(b.transactions.size() == 0);
  }
  void advance(base::Duration d) { cable.timers.advance(d); }
  Cable cable;
  Side a{cable, "192.0.2.1", "192.0.2.2"};
  Side b{cable, "192.0.2.2", "192.0.2.1"};
};

}  // namespace

TEST_CASE("Two sessions call, hold and hang up over real transactions") {
  Pair p;
  p.a.call_other();
  p.advance(10ms);
  REQUIRE(p.b.session);
  p.b.session->progress(180, {});
  p.advance(10ms);
  CHECK(p.a.heard("progress 180"));
  p.b.session->accept("v=0\r\n");
  p.advance(10ms);
  CHECK(p.a.heard("answered"));
  CHECK(p.b.heard("confirmed"));
  p.b.session->send_offer("v=0\r\ns=hold\r\n");
  p.advance(10ms);
  CHECK(p.a.heard("offer v=0"));
  p.a.session->answer_offer("v=0\r\ns=held\r\n");
  p.advance(10ms);
  CHECK(p.b.user.last() == "offer_answered 200 v=0\r\ns=held\r\n");
  p.a.session->send_info("application/dtmf-relay", "Signal=1");
  p.advance(10ms);
  CHECK(p.b.heard("info application/dtmf-relay Signal=1"));
  // Both offer in the same instant: the dance of 491 ends with both answered.
  p.a.session->send_offer("v=0\r\ns=from-a\r\n");
  p.b.session->send_offer("v=0\r\ns=from-b\r\n");
  for (auto* side : {&p.a, &p.b}) {
    side->user.in_callback = [side](const std::string& line) {
      if (line.starts_with("offer v=0")) side->session->answer_offer("v=0\r\ns=ok\r\n");
    };
  }
  p.advance(10s);
  CHECK(p.a.user.last() == "offer_answered 200 v=0\r\ns=ok\r\n");
  CHECK(p.b.heard("offer v=0\r\ns=from-a"));
  CHECK(p.a.heard("offer v=0\r\ns=from-b"));
  // Refreshes keep it alive for hours.
  p.advance(2h);
  CHECK(p.a.user.ends + p.b.user.ends == 0);
  p.a.session->hang_up(16);
  p.advance(10ms);
  CHECK(p.a.user.end.how == SessionEnd::How::sent_bye);
  CHECK(p.b.user.end.how == SessionEnd::How::received_bye);
  CHECK(p.b.user.end.q850 == 16);
}

TEST_CASE("CANCEL and refusal over real transactions") {
  Pair p;
  p.a.call_other();
  p.advance(10ms);
  SECTION("CANCEL") {
    p.a.session->hang_up(0, "SIP;cause=200;text=\"Call completed elsewhere\"");
    p.advance(10ms);
    CHECK(p.a.user.end.how == SessionEnd::How::sent_cancel);
    CHECK(p.b.user.end.how == SessionEnd::How::received_cancel);
    CHECK(p.b.user.end.status == 200);
  }
  SECTION("CANCEL crosses the 200") {
    p.b.session->accept("v=0\r\n");
    p.a.session->hang_up();
    p.advance(100ms);
    CHECK(p.a.user.end.how == SessionEnd::How::sent_cancel);
    CHECK(p.b.user.end.how == SessionEnd::How::received_bye);
  }
  SECTION("busy") {
    p.b.session->refuse(486, {}, 17);
    p.advance(10ms);
    CHECK(p.a.user.end.status == 486);
    CHECK(p.a.user.end.q850 == 17);
  }
}

TEST_CASE("A peer that vanishes leaves nothing behind") {
  Pair p;
  p.a.call_other();
  SECTION("while it rings") { p.advance(10ms); }
  SECTION("after the answer") {
    p.advance(10ms);
    p.b.session->accept("v=0\r\n");
    p.advance(10ms);
  }
  p.cable.loss_percent = 100;
  p.advance(1h);
  CHECK(p.a.user.ends == 1);
  CHECK(p.b.user.ends == 1);
}

TEST_CASE("A third of all packets may be lost") {
  int talked = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    Pair p(33, seed);
    for (auto* side : {&p.a, &p.b}) {
      side->user.in_callback = [side](const std::string& line) {
        if (line.starts_with("offer v=0")) side->session->answer_offer("v=0\r\ns=ok\r\n");
      };
    }
    p.a.call_other();
    p.advance(10s);
    if (p.b.session) p.b.session->accept("v=0\r\n");
    p.advance(20s);
    if (p.a.heard("answered") && p.b.heard("confirmed")) ++talked;
    if (!p.a.session->ended()) p.a.session->send_offer("v=0\r\ns=hold\r\n");
    p.advance(40s);
    (seed % 2 == 0 || !p.b.session ? p.a : p.b).session->hang_up();
    p.advance(40min);
    CHECK(p.a.user.ends == 1);
    CHECK((!p.b.session || p.b.user.ends == 1));
  }
  CHECK(talked > 270);
}
