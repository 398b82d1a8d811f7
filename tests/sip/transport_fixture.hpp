// Transports over real sockets of the loopback, and peers that the test plays itself.
#pragma once

#include "sip/transport/transport.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sip::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::string options(std::string_view call_id = "c1", std::size_t body = 0,
                           std::string_view extra = "") {
  return fmt::format(
      "OPTIONS sip:pbx@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5062;branch=z9hG4bK-1;rport\r\n"
      "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: {}\r\nCSeq: 1 OPTIONS\r\n"
      "Max-Forwards: 70\r\n{}Content-Length: {}\r\n\r\n{}",
      call_id, extra, body, std::string(body, 'x'));
}

struct Recorder final : Transports::Receiver {
  void on_message(Message message, const Flow& from) override {
    messages.push_back(message.call_id);
    flows.push_back(from);
    if (then) {
      then(message, from);
    }
  }
  void on_malformed(const Parsed& parsed, const Flow& from) override {
    malformed.emplace_back(parsed.why);
    statuses.push_back(parsed.status);
    flows.push_back(from);
    if (on_bad) {
      on_bad(*parsed.reject, from);
    }
  }
  void on_closed(ConnectionId connection) override { closed.push_back(connection); }
  std::vector<std::string> messages, malformed;
  std::vector<int> statuses;
  std::vector<Flow> flows;
  std::vector<ConnectionId> closed;
  std::function<void(const Message&, const Flow&)> then;
  std::function<void(const Message&, const Flow&)> on_bad;
};

inline const base::IpAddress none{};

struct House {
  explicit House(Transports::Settings settings = {}, AdmitSource admit = {})
      : transports(io, settings, std::move(admit)) {
    transports.set_receiver(&recorder);
  }
  base::Endpoint open(std::string_view where, const std::string& profile = "lan") {
    const auto id = transports.listen(where, profile, none);
    INFO((id ? "" : id.error().what));
    REQUIRE(id.has_value());
    last = *id;
    return transports.find(*id)->local;
  }
  template <class Until>
  bool run(Until until, milliseconds limit = seconds(5)) {
    const auto end = base::Clock::now() + limit;
    while (!until()) {
      if (base::Clock::now() >= end) {
        return false;
      }
      io.restart();
      io.run_for(milliseconds(5));
    }
    return true;
  }
  void idle(milliseconds time) {
    run([] { return false; }, time);
  }
  asio::io_context io{1};
  Recorder recorder;
  Transports transports;
  ListenerId last = 0;
};

/// A peer that the test plays itself, with sockets that block for at most two seconds.
struct TcpPeer {
  TcpPeer() : socket(io) {}
  explicit TcpPeer(const base::Endpoint& to) : socket(io) { socket.connect({to.address, to.port}); }
  void write(std::string_view bytes) {
    error_code ignored;
    asio::write(socket, asio::buffer(bytes), ignored);
  }
  /// Empty when the stream ended.
  std::string read() {
    std::string bytes(65536, '\0');
    error_code ec;
    bytes.resize(socket.read_some(asio::buffer(bytes), ec));
    return bytes;
  }
  [[nodiscard]] std::size_t available() {
    error_code ec;
    return socket.available(ec);
  }
  /// True when the other end has closed or reset.
  bool ended() {
    socket.non_blocking(true);
    char byte = 0;
    error_code ec;
    socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, ec);
    return ec && ec != asio::error::would_block;
  }
  asio::io_context io;
  asio::ip::tcp::socket socket;
};

struct UdpPeer {
  explicit UdpPeer(const char* address = "127.0.0.1") : socket(io, {asio::ip::make_address(address), 0}) {
    socket.non_blocking(true);
  }
  void send(const base::Endpoint& to, std::string_view bytes) {
    socket.send_to(asio::buffer(bytes), {to.address, to.port});
  }
  std::string receive() {
    std::string bytes(65536, '\0');
    asio::ip::udp::endpoint from;
    error_code ec;
    bytes.resize(socket.receive_from(asio::buffer(bytes), from, 0, ec));
    if (!ec) {
      last_from = {from.address(), from.port()};
    }
    return bytes;
  }
  [[nodiscard]] base::Endpoint local() const {
    return {socket.local_endpoint().address(), socket.local_endpoint().port()};
  }
  asio::io_context io;
  asio::ip::udp::socket socket;
  base::Endpoint last_from;
};

/// A listener whose queue is full: the kernel drops further SYNs, as a firewall does.
struct FullListener {
  FullListener() : acceptor(io, asio::ip::tcp::v4()) {
    acceptor.bind({asio::ip::make_address("127.0.0.1"), 0});
    acceptor.listen(0);
    const auto full = acceptor.local_endpoint();
    for (int i = 0; i < 4; ++i) {
      fill.emplace_back(io);
      fill.back().open(asio::ip::tcp::v4());
      fill.back().native_non_blocking(true);
      (void)::connect(fill.back().native_handle(), full.data(), static_cast<socklen_t>(full.size()));
    }
  }
  [[nodiscard]] base::Endpoint local() const {
    return {acceptor.local_endpoint().address(), acceptor.local_endpoint().port()};
  }
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor;
  std::vector<asio::ip::tcp::socket> fill;
};

}  // namespace switchroom::sip::test
