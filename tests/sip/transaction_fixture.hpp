// A clock that the test moves, a wire that records, and users that write down what they hear.
#pragma once

#include "base/timer_queue.hpp"
#include "sip/transaction/transactions.hpp"

#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <functional>
#include <string>
#include <vector>

namespace switchroom::sip::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Sent {
  Flow to;
  std::string bytes;
  base::Time when;
  std::function<void()> failed;
  base::Duration patience{};  // for a connection, where it was told
};

class RecordingWire final : public Wire {
 public:
  explicit RecordingWire(const base::Timers& timers) : timers_(timers) {}
  bool send(const Flow& to, std::string bytes, std::function<void()> failed) override {
    sent.push_back({to, std::move(bytes), timers_.now(), std::move(failed), {}});
    return works;
  }
  bool try_to_send(const Flow& to, std::string bytes, std::function<void()> failed,
                   base::Duration patience) override {
    const bool sent_it = send(to, std::move(bytes), std::move(failed));
    sent.back().patience = patience;
    return sent_it;
  }
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow) const override {
    const std::uint16_t port = flow.kind == TransportKind::udp ? 5060 : 5070;
    return {asio::ip::make_address(flow.remote.address.is_v6() ? "2001:db8::1" : "192.0.2.1"), port};
  }
  std::vector<Sent> sent;
  bool works = true;

 private:
  const base::Timers& timers_;
};

inline base::Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return {asio::ip::make_address(std::string(address)), port};
}

inline Flow udp_from(std::string_view address = "198.51.100.7", std::uint16_t port = 5062) {
  return {TransportKind::udp, 1, endpoint(address, port), 0};
}
inline Flow tcp_from(std::string_view address = "198.51.100.7", std::uint16_t port = 40001,
                     ConnectionId id = 9) {
  return {TransportKind::tcp, 2, endpoint(address, port), id};
}

/// What a request on the wire is made of; the rest is fixed.
struct Ask {
  std::string method = "OPTIONS";
  std::string branch = "z9hG4bK-1";
  std::string via = "UDP 198.51.100.7:5062";
  std::string via_parameters = ";rport";
  std::string to_tag;
  std::string from_tag = "f1";
  std::string call_id = "call-1";
  unsigned cseq = 1;
};

inline Message parsed(const std::string& text) {
  Parsed result = parse_datagram(text);
  INFO(result.why << "\n" << text);
  REQUIRE(result.message.has_value());
  return std::move(*result.message);
}

inline Message asked(const Ask& ask) {
  return parsed(
      fmt::format("{0} sip:1002@192.0.2.1 SIP/2.0\r\n"
                  "Via: SIP/2.0/{1};branch={2}{3}\r\n"
                  "Max-Forwards: 70\r\n"
                  "From: <sip:1001@192.0.2.1>;tag={4}\r\n"
                  "To: <sip:1002@192.0.2.1>{5}\r\n"
                  "Call-ID: {6}\r\n"
                  "CSeq: {7} {0}\r\n"
                  "Contact: <sip:1001@198.51.100.7:5062>\r\n"
                  "Content-Length: 0\r\n\r\n",
                  ask.method, ask.via, ask.branch, ask.via_parameters, ask.from_tag,
                  ask.to_tag.empty() ? "" : ";tag=" + ask.to_tag, ask.call_id, ask.cseq));
}

/// A request of ours, without a Via.
inline Message own_request(Method method, std::size_t body = 0) {
  Message request = asked({.method = std::string(name(method))});
  request.via.clear();
  request.contact.clear();
  if (body != 0) {
    request.content_type = "text/plain";
    request.body = std::string(body, 'x');
  }
  return request;
}

class RecordingClient : public ClientUser {
 public:
  void on_response(TransactionId id, const Message& response) override {
    heard.push_back(std::to_string(response.status));
    last_id = id;
    if (then) {
      then(id, response);
    }
  }
  void on_failure(TransactionId id, Failure failure) override {
    heard.emplace_back(failure == Failure::timeout ? "timeout" : "transport");
    last_id = id;
    if (after_failure) {
      after_failure(id);
    }
  }
  std::vector<std::string> heard;
  TransactionId last_id = 0;
  std::function<void(TransactionId, const Message&)> then;
  std::function<void(TransactionId)> after_failure;
};

class RecordingServer : public ServerUser {
 public:
  void on_request(TransactionId id, Message request, const Flow& from) override {
    heard.push_back(request.method_token);
    last_id = id;
    last = std::move(request);
    last_from = from;
    if (then) {
      then(id);
    }
  }
  void on_ack(const Message&, const Flow&) override { heard.emplace_back("ACK"); }
  void on_cancel(TransactionId invite, const Message&) override {
    heard.emplace_back("CANCEL");
    cancelled = invite;
    if (then_cancel) {
      then_cancel(invite);
    }
  }
  void on_server_failure(TransactionId id) override {
    heard.emplace_back("failure");
    last_id = id;
  }
  std::vector<std::string> heard;
  TransactionId last_id = 0;
  TransactionId cancelled = 0;
  Message last;
  Flow last_from;
  std::function<void(TransactionId)> then;
  std::function<void(TransactionId)> then_cancel;
};

struct Layer {
  explicit Layer(Transactions::Settings settings = {}) : transactions(timers, wire, settings) {
    transactions.set_user(&server);
  }
  /// Milliseconds since `from` at which each message was sent.
  [[nodiscard]] std::vector<long> times(base::Time from) const {
    std::vector<long> all;
    for (const auto& sent : wire.sent) {
      all.push_back(static_cast<long>(std::chrono::duration_cast<milliseconds>(sent.when - from).count()));
    }
    return all;
  }
  /// The first line of each message sent, shortened to method or status.
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> all;
    for (const auto& one : wire.sent) {
      const std::string line = one.bytes.substr(0, one.bytes.find("\r\n"));
      all.push_back(line.starts_with("SIP/2.0 ") ? line.substr(8, 3) : line.substr(0, line.find(' ')));
    }
    return all;
  }
  [[nodiscard]] Message last_sent() const { return parsed(wire.sent.back().bytes); }
  /// A response to the first request that was sent, or to the one at `at`.
  void answer(int status, std::string_view to_tag = "t1", std::size_t at = 0) {
    transactions.receive(make_response(parsed(wire.sent.at(at).bytes), status, {}, to_tag), udp_from());
  }
  bool respond(int status, std::string_view to_tag = "t1") {
    return transactions.respond(server.last_id, make_response(server.last, status, {}, to_tag));
  }

  base::ManualTimers timers;
  RecordingWire wire{timers};
  RecordingServer server;
  RecordingClient client;
  Transactions transactions;
};

using Words = std::vector<std::string>;
using Times = std::vector<long>;

}  // namespace switchroom::sip::test
