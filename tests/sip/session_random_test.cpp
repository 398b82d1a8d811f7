// Thousands of random lives of a session: whatever a peer, the clock and the leg do, in any order, there is
// no crash, one end, no timer left, and every request of the peer has exactly one final response.
#include "session_fixture.hpp"

#include <random>
#include <set>

using namespace switchroom;
using namespace switchroom::sip;
using namespace switchroom::sip::session_test;

namespace {

class RandomLife {
 public:
  explicit RandomLife(unsigned seed) : random_(seed) {}

  void run() {
    b_.settings.session_expires = below(2) == 0 ? 90s : 0s;
    b_.settings.may_update = below(2) == 0;
    begin();
    b_.user.in_callback = [this](const std::string& line) {
      if (line.starts_with("end")) {
        if (below(2) == 0) b_.session.reset();
      } else if (below(4) == 0) {
        leg_acts();
      }
    };
    const unsigned steps = below(40);
    for (unsigned i = 0; i < steps && b_.session; ++i) step();
    leave();
    check_responses();
  }

 private:
  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + below(static_cast<unsigned>(list.size())));
  }
  std::string sdp() { return one_of<const char*>({"", "", "sdp-1", "sdp-2"}); }

  void begin() {
    if (below(2) == 0) {
      Message m = b_.make_invite(sdp());
      decorate(m);
      server_ids_.insert(b_.next_server_id);
      b_.incoming(std::move(m));
      return;
    }
    auto call = b_.make_call();
    if (below(2) == 0) {
      call.credentials = DigestCredentials{"u", "p"};
      call.credentials_realm = "r";
    }
    b_.outgoing(call);
  }

  void decorate(Message& m) {
    if (below(3) == 0) m.require.emplace_back(one_of<const char*>({"100rel", "timer", "100rel", "unknown"}));
    if (below(3) == 0) m.supported = {"timer"};
    if (below(3) == 0) m.allow = {"UPDATE"};
    if (below(3) == 0)
      m.session_expires = {one_of<std::uint32_t>({0, 89, 90, 300, 0xffffffff}),
                           one_of<const char*>({"", "uac", "uas", "x"})};
    if (below(4) == 0) m.rseq = below(4);
    if (below(4) == 0) m.contact.clear();
    if (below(8) == 0) m.add_header("Retry-After", one_of<const char*>({"0", "3", "x"}));
    if (below(8) == 0) m.min_se = one_of<std::uint32_t>({0, 100, 2000, 0xffffffff});
    if (below(8) == 0) m.content_type = "text/plain";
    if (below(8) == 0) m.www_authenticate = {"Digest realm=\"r\", nonce=\"n\", stale=true"};
  }

  void step() {
    switch (below(6)) {
      case 0: leg_acts(); break;
      case 1:
        b_.timers.advance(std::chrono::milliseconds(one_of<unsigned>({0, 1, 500, 2000, 5000, 33000, 70000})));
        break;
      case 2:
      case 3: peer_asks(); break;
      default: peer_answers(); break;
    }
  }

  void leg_acts() {
    if (!b_.session) return;
    Session& s = *b_.session;
    switch (below(9)) {
      case 0: s.progress(one_of({180, 183, 100, 999}), sdp()); break;
      case 1:
      case 2: s.accept(one_of<const char*>({"a", "b"})); break;
      case 3: s.send_offer(one_of<const char*>({"o1", "o2"})); break;
      case 4: s.answer_offer("an"); break;
      case 5: s.refuse_offer(); break;
      case 6: s.send_info("application/dtmf-relay", "Signal=1"); break;
      case 7:
        if (below(4) == 0) s.refuse(one_of({302, 486, 603}));
        break;
      default:
        if (below(4) == 0) s.hang_up();
    }
  }

  void peer_asks() {
    const auto method = one_of({Method::invite, Method::invite, Method::update, Method::update, Method::prack,
                                Method::info, Method::bye, Method::options, Method::refer, Method::other,
                                Method::ack, Method::ack, Method::cancel});
    Message m = b_.make(method, sdp());
    decorate(m);
    if (below(8) == 0) m.from.parameters.set("tag", "x");
    if (below(8) == 0) m.cseq.number = below(200);
    if (method == Method::bye && below(3) != 0) return;
    if (method == Method::prack && !b_.layer.responses.empty()) {
      const auto& last = b_.layer.responses.back().message;
      m.rack = {last.rseq.value_or(1), last.cseq};
    }
    if (method == Method::ack || method == Method::cancel) {
      m.cseq.number = b_.peer_cseq - below(4);
      method == Method::ack ? b_.session->on_ack(m) : b_.session->on_cancel(m);
      return;
    }
    if (below(40) == 0) {
      const TransactionId id = below(static_cast<unsigned>(b_.next_server_id));
      server_ids_.erase(id);
      b_.session->on_server_failure(id);
    }
    server_ids_.insert(b_.next_server_id);
    b_.send(std::move(m));
  }

  void peer_answers() {
    if (b_.layer.sent.empty()) return;
    const auto sent =
        b_.layer.sent[b_.layer.sent.size() - 1 -
                      below(std::min<unsigned>(4, static_cast<unsigned>(b_.layer.sent.size())))];
    if (below(12) == 0) {
      b_.layer.fail(sent.id, one_of({ClientUser::Failure::timeout, ClientUser::Failure::transport}));
      return;
    }
    const int status =
        one_of({180, 183, 183, 200, 200, 200, 302, 401, 407, 408, 422, 481, 486, 487, 491, 500, 503});
    Message m = b_.make_reply(sent, status, sdp(), one_of<const char*>({"peer", "peer", "peer", "fork", ""}));
    decorate(m);
    b_.layer.deliver(sent.id, m);
  }

  void leave() {
    if (b_.session && below(4) != 0) {
      b_.session->hang_up();
      b_.timers.advance(5s);
      CHECK(b_.user.ends == 1);
    }
    b_.session.reset();
    CHECK(b_.user.ends <= 1);
    b_.timers.advance(40s);
  }

  void check_responses() {
    std::map<TransactionId, int> finals;
    for (const auto& r : b_.layer.responses) finals[r.id] += r.message.status >= 200 ? 1 : 0;
    for (const TransactionId id : server_ids_) {
      INFO("request " << id);
      CHECK(finals[id] == 1);
    }
  }

  std::mt19937 random_;
  Bench b_;
  std::set<TransactionId> server_ids_;
};

}  // namespace

TEST_CASE("Random lives of sessions") {
  for (unsigned seed = 0; seed < 6000; ++seed) {
    INFO("seed " << seed);
    RandomLife(seed).run();
  }
}
