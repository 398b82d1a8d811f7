// A session between a recorder of transactions and a recorder of callbacks, on a clock that the test moves.
#pragma once

#include "base/timer_queue.hpp"
#include "sip/session/session.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::sip::session_test {

using namespace std::chrono_literals;

inline Flow udp_flow(const char* address, std::uint16_t port) {
  return {TransportKind::udp, 1, {asio::ip::make_address(address), port}, 0};
}
inline const Flow peer_flow = udp_flow("192.0.2.7", 5060);

struct FakeLayer final : TransactionLayer {
  struct Sent {
    TransactionId id = 0;
    Message message;
    Flow to;
  };
  TransactionId request(Message request, const Flow& to, ClientUser* user) override {
    sent.push_back({++last_id, std::move(request), to});
    users[last_id] = user;
    return last_id;
  }
  void cancel(TransactionId id, std::string reason) override { cancels.emplace_back(id, std::move(reason)); }
  void abandon(TransactionId id) override { users.erase(id); }
  void hurry(TransactionId id, base::Duration limit) override { hurried[id] = limit; }
  const Message* sent_request(TransactionId) const override { return nullptr; }
  bool respond(TransactionId id, const Message& response) override {
    responses.push_back({id, response, {}});
    return !deaf;
  }
  bool repeat(TransactionId id, const Message& response) override {
    repeats.push_back({id, response, {}});
    return true;
  }
  bool send_ack(Message ack, const Flow& to) override {
    acks.push_back({0, std::move(ack), to});
    return true;
  }
  base::Endpoint advertised_for(const Flow&) const override {
    return {asio::ip::make_address("198.51.100.1"), 5060};
  }

  /// As the real layer does it: nothing for who was abandoned, nothing after a final one but 2xx to INVITE.
  void deliver(TransactionId id, const Message& response) {
    const auto found = users.find(id);
    if (found == users.end()) return;
    ClientUser* user = found->second;
    const bool again = response.method == Method::invite && response.status < 300;
    if (response.status >= 200 && !again) users.erase(found);
    user->on_response(id, response);
  }
  void fail(TransactionId id, ClientUser::Failure failure) {
    const auto found = users.find(id);
    if (found == users.end()) return;
    ClientUser* user = found->second;
    users.erase(found);
    user->on_failure(id, failure);
  }

  TransactionId last_id = 1000;
  bool deaf = false;
  std::vector<Sent> sent, responses, repeats, acks;
  std::vector<std::pair<TransactionId, std::string>> cancels;
  std::map<TransactionId, base::Duration> hurried;
  std::map<TransactionId, ClientUser*> users;
};

/// Writes down each callback as a line; `in_callback` runs inside each of them.
struct Recorder final : SessionUser {
  void on_progress(int status, std::string_view, const std::string& sdp, std::string_view tag) override {
    say("progress " + std::to_string(status) + " " + sdp + " " + std::string(tag));
  }
  void on_answered(const std::string& sdp) override { say("answered " + sdp); }
  void on_confirmed(const std::string& sdp) override { say("confirmed " + sdp); }
  void on_offer(const std::string& sdp) override { say("offer " + sdp); }
  void on_offer_answered(int status, const std::string& sdp) override {
    say("offer_answered " + std::to_string(status) + " " + sdp);
  }
  void on_info(std::string_view type, const std::string& body) override {
    say("info " + std::string(type) + " " + body);
  }
  void on_end(const SessionEnd& e) override {
    ++ends;
    end = e;
    say("end " + std::string(disposition(e.how)));
  }
  void say(std::string line) {
    CHECK((ends == 0 || line.starts_with("end")));  // nothing follows on_end
    heard.push_back(std::move(line));
    if (in_callback) in_callback(heard.back());
  }
  [[nodiscard]] std::string last() const { return heard.empty() ? "" : heard.back(); }

  std::vector<std::string> heard;
  int ends = 0;
  SessionEnd end;
  std::function<void(const std::string&)> in_callback;
};

struct Bench {
  base::ManualTimers timers;
  FakeLayer layer;
  Recorder user;
  SessionSettings settings;
  std::unique_ptr<Session> session;
  std::uint32_t peer_cseq = 100;
  std::string peer_tag = "peer";
  TransactionId next_server_id = 1;
  std::vector<TransactionId> server_ids;

  Bench() {
    settings.contact_user = "box";
    settings.session_expires = {};
  }
  ~Bench() {
    session.reset();
    timers.advance(40s);
    CHECK(timers.size() == 0);
    CHECK(layer.users.empty());
  }
  SessionServices services() { return {&timers, &layer}; }
  void turn() { timers.advance({}); }

  /// An INVITE without a To tag, as it reaches the endpoint.
  Message make_invite(const std::string& sdp) {
    Message m;
    m.method = Method::invite;
    m.method_token = "INVITE";
    m.request_uri = *parse_uri("sip:1002@198.51.100.1");
    m.via.push_back({"UDP", "192.0.2.7", 5060, "z9hG4bKa", "", true, 0, {}});
    m.from = *parse_address("<sip:1001@example.net>;tag=peer");
    m.to = *parse_address("<sip:1002@example.net>");
    m.call_id = "call-1";
    m.cseq = {peer_cseq, Method::invite, "INVITE"};
    m.max_forwards = 70;
    m.contact = {*parse_address("<sip:1001@192.0.2.7:5060>")};
    with_sdp(m, sdp);
    return m;
  }
  static Message& with_sdp(Message& m, const std::string& sdp) {
    if (!sdp.empty()) {
      m.content_type = "application/sdp";
      m.body = sdp;
    }
    return m;
  }
  void incoming(Message invite) {
    IncomingCall call;
    call.invite = std::move(invite);
    call.from = peer_flow;
    call.transaction = next_server_id++;
    session = Session::incoming(services(), settings, std::move(call), &user);
  }
  void incoming(const std::string& sdp = "offer-a") { incoming(make_invite(sdp)); }
  void outgoing(OutgoingCall call) {
    session = Session::outgoing(services(), settings, std::move(call), &user);
  }
  OutgoingCall make_call() {
    OutgoingCall call;
    call.request_uri = *parse_uri("sip:1001@192.0.2.7:5060");
    call.to = peer_flow;
    call.from = *parse_address("\"Box\" <sip:box@example.net>");
    call.to_header = *parse_address("<sip:1001@example.net>");
    call.sdp = "offer-b";
    return call;
  }
  void outgoing() { outgoing(make_call()); }

  /// A request of the peer inside the dialog.
  Message make(Method method, const std::string& sdp = {}) {
    Message m;
    m.method = method;
    m.method_token = std::string(name(method));
    m.request_uri = *parse_uri("sip:box@198.51.100.1");
    m.via.push_back({"UDP", "192.0.2.7", 5060, "z9hG4bKb", "", true, 0, {}});
    const auto& id = session->dialog().id();
    m.call_id = id.call_id;
    m.from = session->dialog().remote();
    m.from.parameters.set("tag", peer_tag);
    m.to = session->dialog().local();
    m.cseq = {++peer_cseq, method, m.method_token};
    if (method == Method::invite || method == Method::update) {
      m.contact = {*parse_address("<sip:1001@192.0.2.7:5060>")};
    }
    with_sdp(m, sdp);
    return m;
  }
  TransactionId send(Message request, const Flow& from = peer_flow) {
    const TransactionId id = next_server_id++;
    session->on_request(id, std::move(request), from);
    return id;
  }
  TransactionId send(Method method, const std::string& sdp = {}) { return send(make(method, sdp)); }
  void send_ack(std::uint32_t cseq, const std::string& sdp = {}) {
    Message ack = make(Method::ack, sdp);
    --peer_cseq;
    ack.cseq.number = cseq;
    session->on_ack(ack);
  }
  Message make_cancel(std::uint32_t cseq, const char* reason = nullptr) {
    Message m = make(Method::cancel);
    --peer_cseq;
    m.cseq.number = cseq;
    if (reason != nullptr) m.add_header("Reason", reason);
    return m;
  }

  /// Our last response to that request; fails the test when there is none.
  const Message& response(TransactionId id) {
    for (auto r = layer.responses.rbegin(); r != layer.responses.rend(); ++r) {
      if (r->id == id) return r->message;
    }
    FAIL("no response to " << id);
    return layer.responses.front().message;
  }
  bool has_response(TransactionId id) {
    for (const auto& r : layer.responses) {
      if (r.id == id) return true;
    }
    return false;
  }
  /// Our last request of that method; fails the test when there is none.
  const FakeLayer::Sent& request(Method method) {
    for (auto r = layer.sent.rbegin(); r != layer.sent.rend(); ++r) {
      if (r->message.method == method) return *r;
    }
    FAIL("no " << name(method) << " was sent");
    return layer.sent.front();
  }
  std::size_t count(Method method) {
    std::size_t n = 0;
    for (const auto& s : layer.sent) n += s.message.method == method ? 1 : 0;
    return n;
  }
  Message make_reply(const FakeLayer::Sent& to, int status, const std::string& sdp = {},
                     const char* tag = "peer") {
    Message m = make_response(to.message, status, {}, tag);
    m.contact = {*parse_address("<sip:1001@192.0.2.7:5060>")};
    return with_sdp(m, sdp);
  }
  /// Answers our last request of that method.
  void reply(Method method, int status, const std::string& sdp = {}, const char* tag = "peer") {
    const FakeLayer::Sent to = request(method);
    layer.deliver(to.id, make_reply(to, status, sdp, tag));
  }

  /// A call in full swing, from either side. The INVITE offered, the 200 answered.
  void talk_as_server() {
    if (!session) incoming();
    session->accept("answer-a");
    send_ack(peer_cseq);
    CHECK(user.last() == "confirmed ");
  }
  void talk_as_client() {
    if (!session) outgoing();
    reply(Method::invite, 200, "answer-b");
    CHECK(user.last() == "answered answer-b");
  }
};

}  // namespace switchroom::sip::session_test
