// Phones that talk in real time, 20 ms a packet, and note what they hear and when.
#pragma once

#include "speech.hpp"
#include "udp.hpp"

#include <array>
#include <functional>
#include <span>

namespace switchroom::bench {

/// One phone's line: what it says (not owned; null: nothing), from which packet on, and how it hears.
struct Line {
  const Script* says = nullptr;
  std::size_t begin = 0;           // packet of the script
  std::uint32_t hears_step = 160;  // of the RTP clock in a packet that it hears
};

struct HeardPacket {
  std::int64_t at = 0;  // ns, the kernel's receive time stamp (wall clock)
  std::uint32_t timestamp = 0;
  std::uint16_t sequence = 0;
  std::vector<std::uint8_t> payload;  // only when asked for
};

/// 40 sockets; those lines whose turn it is in one half millisecond share one, so that a turn is one
/// system call and the generator costs little beside what it measures. Lines are told apart by the port that
/// they talk to.
class Phones {
 public:
  static constexpr std::size_t turns = 40;
  /// When in the 20 ms a line speaks. The two of a call (an even line and the next) are any time apart: among
  /// 20 calls each distance, in steps of 2 ms, occurs twice.
  static constexpr std::size_t turn_of(std::size_t line) {
    return line % 2 == 0 ? line % turns : (3 * (line - 1) + 1) % turns;
  }

  explicit Phones(std::vector<Line> lines)
      : lines_(std::move(lines)), sent_(lines_.size()), heard_(lines_.size()) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      of_turn_[turn_of(i)].push_back(i);
    }
    for (std::size_t i = 0; i < turns; ++i) {
      sockets_.push_back(bound_socket());
      const int on = 1;
      ::setsockopt(sockets_.back(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    }
  }
  Phones(const Phones&) = delete;
  Phones& operator=(const Phones&) = delete;
  ~Phones() {
    for (const int fd : sockets_) {
      ::close(fd);
    }
  }

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  /// Where a line hears.
  [[nodiscard]] std::uint16_t port(std::size_t line) const { return port_of(sockets_[turn_of(line)]); }
  /// The media ports that the lines talk to, in their order.
  void aim(const std::vector<std::uint16_t>& ports) {
    line_of_port_.assign(65536, -1);
    for (std::size_t i = 0; i < ports.size(); ++i) {
      targets_.push_back(loopback(ports[i]));
      line_of_port_[ports[i]] = static_cast<int>(i);
    }
  }
  /// Talks and hears; only what comes in the last `seconds` is noted. `begin` and `end` are called around
  /// those, and must be quick.
  void run(int warm_seconds, int seconds, bool keep_payloads, const std::function<void()>& begin,
           const std::function<void()>& end) {
    keep_ = keep_payloads;
    const std::int64_t start = now_ns();
    for (int step = 0; step < (warm_seconds + seconds) * 2000; ++step) {
      if (step == warm_seconds * 2000) {
        begin();
        from_ = wall_ns();
      }
      sleep_until(start + std::int64_t{step} * 500'000);
      const std::size_t turn = static_cast<std::size_t>(step) % turns;
      lateness_ms_.push_back(static_cast<double>(now_ns() - start - std::int64_t{step} * 500'000) / 1e6);
      say(turn);
      hear((turn + turns / 2) % turns);
    }
    to_ = wall_ns();
    end();
    for (std::size_t i = 0; i < turns; ++i) {
      hear(i);
    }
  }

  /// When each packet of a line was sent (ns, wall clock), from its first one on.
  [[nodiscard]] const std::vector<std::int64_t>& sent(std::size_t line) const { return sent_[line]; }
  [[nodiscard]] const std::vector<HeardPacket>& heard(std::size_t line) const { return heard_[line]; }
  /// How late we were ourselves, 99th percentile.
  [[nodiscard]] double own_lateness_ms() const { return quantile(lateness_ms_, 0.99); }

 private:
  static constexpr std::size_t batch = 64;

  void say(std::size_t turn) {
    std::array<std::array<std::uint8_t, 12>, batch> headers;
    std::array<std::array<iovec, 2>, batch> parts;
    std::array<mmsghdr, batch> messages;
    std::size_t count = 0;
    const auto flush = [&] {
      (void)::sendmmsg(sockets_[turn], messages.data(), static_cast<unsigned>(count), 0);
      count = 0;
    };
    for (const std::size_t i : of_turn_[turn]) {
      if (lines_[i].says == nullptr) {
        continue;
      }
      const Script& script = *lines_[i].says;
      const auto number = static_cast<std::uint32_t>(sent_[i].size());
      const auto& payload = script.payloads[(lines_[i].begin + number) % script.payloads.size()];
      auto& header = headers[count];
      put32(&header[0], 0x80000000U | static_cast<std::uint32_t>(script.type) << 16U | (number & 0xFFFFU));
      put32(&header[4], number * script.step);
      put32(&header[8], static_cast<std::uint32_t>(i) + 1);
      parts[count] = {iovec{header.data(), header.size()},
                      iovec{const_cast<std::uint8_t*>(payload.data()), payload.size()}};
      messages[count] = {};
      messages[count].msg_hdr.msg_name = &targets_[i];
      messages[count].msg_hdr.msg_namelen = sizeof targets_[i];
      messages[count].msg_hdr.msg_iov = parts[count].data();
      messages[count].msg_hdr.msg_iovlen = 2;
      sent_[i].push_back(wall_ns());
      if (++count == batch) {
        flush();
      }
    }
    if (count > 0) {
      flush();
    }
  }

  void hear(std::size_t turn) {
    struct alignas(cmsghdr) Control {
      std::array<char, 64> bytes;
    };
    static std::array<std::array<std::uint8_t, 512>, batch> packets;
    static std::array<Control, batch> controls;
    std::array<sockaddr_in, batch> sources;
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages;
    for (;;) {
      for (std::size_t i = 0; i < batch; ++i) {
        parts[i] = {packets[i].data(), packets[i].size()};
        messages[i] = {};
        messages[i].msg_hdr.msg_name = &sources[i];
        messages[i].msg_hdr.msg_namelen = sizeof sources[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = controls[i].bytes.data();
        messages[i].msg_hdr.msg_controllen = controls[i].bytes.size();
      }
      const int count = ::recvmmsg(sockets_[turn], messages.data(), batch, MSG_DONTWAIT, nullptr);
      for (int n = 0; n < count; ++n) {
        const auto i = static_cast<std::size_t>(n);
        timespec at{};
        if (const cmsghdr* const stamp = CMSG_FIRSTHDR(&messages[i].msg_hdr)) {
          std::memcpy(&at, CMSG_DATA(stamp), sizeof at);
        }
        note(line_of_port_[ntohs(sources[i].sin_port)], std::span(packets[i]).first(messages[i].msg_len),
             nanoseconds(at));
      }
      if (count < static_cast<int>(batch)) {
        return;
      }
    }
  }
  void note(int line, std::span<const std::uint8_t> packet, std::int64_t at) {
    if (line < 0 || packet.size() < 12 || from_ == 0 || at < from_ || (to_ != 0 && at >= to_)) {
      return;
    }
    HeardPacket heard{.at = at,
                      .timestamp = get32(&packet[4]),
                      .sequence = static_cast<std::uint16_t>(get32(&packet[0])),
                      .payload = {}};
    if (keep_) {
      heard.payload.assign(packet.begin() + 12, packet.end());
    }
    heard_[static_cast<std::size_t>(line)].push_back(std::move(heard));
  }
  static void put32(std::uint8_t* at, std::uint32_t value) {
    value = htonl(value);
    std::memcpy(at, &value, sizeof value);
  }
  static std::uint32_t get32(const std::uint8_t* at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return ntohl(value);
  }

  std::vector<Line> lines_;
  std::array<std::vector<std::size_t>, turns> of_turn_;  // lines
  std::vector<int> sockets_;
  std::vector<sockaddr_in> targets_;
  std::vector<int> line_of_port_;
  std::vector<std::vector<std::int64_t>> sent_;
  std::vector<std::vector<HeardPacket>> heard_;
  std::vector<double> lateness_ms_;
  std::int64_t from_ = 0;
  std::int64_t to_ = 0;
  bool keep_ = false;
};

/// What a line did not get, and how uneven the rest came.
struct Arrival {
  std::uint64_t heard = 0;
  std::uint64_t missing = 0;        // gaps in the sequence numbers
  std::vector<double> lateness_ms;  // against the earliest one of the line, each by its timestamp
};
inline Arrival arrival(const std::vector<HeardPacket>& packets, std::uint32_t step) {
  Arrival found;
  found.heard = packets.size();
  std::vector<double> offsets;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto media = static_cast<std::int32_t>(packets[i].timestamp - packets[0].timestamp);
    offsets.push_back(static_cast<double>(packets[i].at - packets[0].at) / 1e6 - 20.0 * media / step);
    if (i > 0) {
      const auto gap = static_cast<std::int16_t>(packets[i].sequence - packets[i - 1].sequence);
      found.missing += gap > 1 ? static_cast<std::uint64_t>(gap - 1) : 0;
    }
  }
  if (!offsets.empty()) {
    const double least = *std::min_element(offsets.begin(), offsets.end());
    for (const double offset : offsets) {
      found.lateness_ms.push_back(offset - least);
    }
  }
  return found;
}

}  // namespace switchroom::bench
