// RTP streams, 20 ms each, spread evenly, that come back through a relay with their send time inside.
#pragma once

#include "udp.hpp"

#include <array>
#include <cstring>

namespace switchroom::bench {

struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double median_us = 0;
  double p99_us = 0;
  double max_us = 0;
};

/// One UDP socket for each stream. Every half millisecond the streams whose turn it is send 20 ms of
/// PCMU (172 bytes); between, everything that came back is read and its delay taken.
class Load {
 public:
  explicit Load(int streams) {
    for (int i = 0; i < streams; ++i) {
      sockets_.push_back(bound_socket());
      const int on = 1;
      ::setsockopt(sockets_.back(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    }
    counts_.resize(sockets_.size());
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const int fd : sockets_) {
      ::close(fd);
    }
  }

  [[nodiscard]] std::vector<std::uint16_t> ports() const {
    std::vector<std::uint16_t> ports;
    for (const int fd : sockets_) {
      ports.push_back(port_of(fd));
    }
    return ports;
  }
  void aim(const std::vector<Target>& targets) {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      sockaddr_in to = loopback(targets[i].port);
      to.sin_addr.s_addr = htonl(targets[i].address);
      ::connect(sockets_[i], reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  }
  LoadResult run(int seconds) {
    result_ = {};
    delays_.clear();
    constexpr int groups = 40;  // of 0.5 ms each
    const std::int64_t start = now_ns();
    for (int step = 0; step < seconds * 1000 * 2; ++step) {
      sleep_until(start + std::int64_t{step} * 500'000);
      for (std::size_t i = static_cast<std::size_t>(step % groups); i < sockets_.size(); i += groups) {
        say(i);
      }
      for (std::size_t i = static_cast<std::size_t>(step % groups); i < sockets_.size(); i += groups) {
        hear(i ^ 1U);
      }
    }
    ::usleep(200'000);
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      hear(i);
    }
    summarize();
    return result_;
  }

 private:
  void say(std::size_t stream) {
    const std::uint32_t count = counts_[stream]++;
    put32(0, 0x80000000U | (count & 0xFFFFU));
    put32(4, count * 160);
    put32(8, static_cast<std::uint32_t>(stream) + 1);
    const std::int64_t now = wall_ns();
    std::memcpy(&packet_[16], &now, sizeof now);
    if (::send(sockets_[stream], packet_.data(), packet_.size(), 0) > 0) {
      ++result_.sent;
    }
  }
  /// Delays end where the kernel puts the packet into our queue (its own time stamp), so that they do not
  /// depend on when we come to read it.
  void hear(std::size_t stream) {
    std::array<std::uint8_t, 512> packet;
    alignas(cmsghdr) std::array<char, 64> control;
    for (;;) {
      iovec data{packet.data(), packet.size()};
      msghdr message{};
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t size = ::recvmsg(sockets_[stream], &message, MSG_DONTWAIT);
      if (size < 0) {
        return;
      }
      const cmsghdr* const stamp = CMSG_FIRSTHDR(&message);
      if (size != static_cast<ssize_t>(packet_.size()) || stamp == nullptr) {
        continue;
      }
      timespec arrived{};
      std::int64_t sent = 0;
      std::memcpy(&arrived, CMSG_DATA(stamp), sizeof arrived);
      std::memcpy(&sent, &packet[16], sizeof sent);
      ++result_.received;
      delays_.push_back(static_cast<double>(nanoseconds(arrived) - sent) / 1000.0);
    }
  }
  void summarize() {
    std::sort(delays_.begin(), delays_.end());
    if (delays_.empty()) {
      return;
    }
    result_.median_us = delays_[delays_.size() / 2];
    result_.p99_us = delays_[delays_.size() * 99 / 100];
    result_.max_us = delays_.back();
  }
  void put32(std::size_t at, std::uint32_t value) {
    value = htonl(value);
    std::memcpy(&packet_[at], &value, sizeof value);
  }

  std::vector<int> sockets_;
  std::vector<std::uint32_t> counts_;
  std::array<std::uint8_t, 172> packet_{};
  std::vector<double> delays_;
  LoadResult result_;
};

}  // namespace switchroom::bench
