// A peer of a media port on the loopback network, and an engine to talk to.
#pragma once

#include "media/engine.hpp"
#include "media/rtp/packet.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace switchroom::media::test {

using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

inline base::Endpoint at(const std::string& host, std::uint16_t port) {
  return {asio::ip::make_address(host), port};
}

/// A packet with `payload` after a plain header.
inline Bytes rtp(const RtpPacket& fields, const Bytes& payload = Bytes(160, 0xD5)) {
  Bytes bytes(rtp_header_size);
  write_rtp_header(std::span(bytes).first<rtp_header_size>(), fields);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

struct Heard {
  RtpPacket packet;
  Bytes bytes;
  base::Endpoint source;
};

/// One UDP socket. Each of 127.0.0.1, 127.0.0.2 … is another host to the engine.
class Peer {
 public:
  explicit Peer(const std::string& host = "127.0.0.1", std::uint16_t port = 0)
      : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    asio::ip::udp::endpoint local(asio::ip::make_address(host), port);
    REQUIRE(::bind(fd_, local.data(), static_cast<socklen_t>(local.size())) == 0);
    auto size = static_cast<socklen_t>(local.capacity());
    REQUIRE(::getsockname(fd_, local.data(), &size) == 0);
    local_ = {local.address(), local.port()};
    ssrc = 0x11110000U + local_.port;
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { ::close(fd_); }

  [[nodiscard]] const base::Endpoint& local() const { return local_; }
  [[nodiscard]] int fd() const { return fd_; }
  void send(const base::Endpoint& to, const Bytes& bytes) const {
    const asio::ip::udp::endpoint remote(to.address, to.port);
    REQUIRE(::sendto(fd_, bytes.data(), bytes.size(), 0, remote.data(),
                     static_cast<socklen_t>(remote.size())) == static_cast<ssize_t>(bytes.size()));
  }
  /// The next packet of this peer's stream, 20 ms of PCMU unless told otherwise.
  void talk(const base::Endpoint& to, std::uint8_t payload_type = 0) {
    send(to,
         rtp({.payload_type = payload_type, .sequence = sequence++, .timestamp = timestamp, .ssrc = ssrc}));
    timestamp += 160;
  }
  void talk(const base::Endpoint& to, int packets) {
    for (int i = 0; i < packets; ++i) {
      talk(to);
    }
  }
  [[nodiscard]] std::optional<Heard> hear(std::chrono::milliseconds patience = 2000ms) const {
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, static_cast<int>(patience.count())) <= 0) {
      return std::nullopt;
    }
    Heard heard;
    heard.bytes.resize(4096);
    asio::ip::udp::endpoint source;
    auto size = static_cast<socklen_t>(source.capacity());
    const ssize_t n = ::recvfrom(fd_, heard.bytes.data(), heard.bytes.size(), 0, source.data(), &size);
    heard.bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    heard.source = {source.address(), source.port()};
    if (const auto packet = parse_rtp(heard.bytes)) {
      heard.packet = *packet;
    }
    return heard;
  }
  [[nodiscard]] bool hears_nothing() const { return !hear(60ms); }

  std::uint16_t sequence = 100;
  std::uint32_t timestamp = 1000;
  std::uint32_t ssrc = 0;  // another for each peer

 private:
  int fd_;
  base::Endpoint local_;
};

inline sdp::MediaPlan plan_for(const base::Endpoint& remote,
                               sdp::Direction direction = sdp::Direction::sendrecv) {
  sdp::MediaPlan plan;
  plan.remote_rtp = remote;
  plan.remote_rtcp = {remote.address, static_cast<std::uint16_t>(remote.port + 1)};
  plan.direction = direction;
  plan.codecs = {{sdp::CodecId::pcmu, 0, 0, ""}, {sdp::CodecId::pcma, 8, 8, ""}};
  plan.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 101, 101, ""};
  return plan;
}

/// An engine with its call thread, which is the test's.
struct Room {
  explicit Room(Engine::Settings settings = {.first_port = 21000, .last_port = 28999, .threads = 2})
      : engine(Engine::start(call, settings)) {}

  std::unique_ptr<Port> open(PortSettings settings = {}, PortEvents events = {}) {
    if (settings.local.is_unspecified()) {
      settings.local = asio::ip::make_address("127.0.0.1");
    }
    auto port = engine->open(settings, std::move(events));
    REQUIRE(port.has_value());
    return std::move(*port);
  }
  /// Runs the call thread until `done` or for five seconds.
  bool until(const std::function<bool()>& done, std::chrono::milliseconds patience = 5000ms) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      call.restart();
      call.poll();
      if (done()) {
        return true;
      }
      std::this_thread::sleep_for(1ms);
    }
    return done();
  }
  /// The call thread goes on for so long: what ports were told arrives.
  void go_on(std::chrono::milliseconds time = 30ms) { go_on_until(std::chrono::steady_clock::now() + time); }
  void go_on_until(std::chrono::steady_clock::time_point end) {
    do {
      call.restart();
      call.run_until(end);  // returns early when nothing is left to wait for
      std::this_thread::sleep_until(std::min(end, std::chrono::steady_clock::now() + 1ms));
    } while (std::chrono::steady_clock::now() < end);
  }

  asio::io_context call{1};
  std::unique_ptr<Engine> engine;
};

}  // namespace switchroom::media::test
