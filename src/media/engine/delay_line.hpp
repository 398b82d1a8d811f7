// Packets that go out later than they came.
#pragma once

#include "base/clock.hpp"
#include "media/rtp/packet.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace switchroom::media {

/// Media thread of its stream; there only while an echo is delayed. It allocates for each packet.
class DelayLine {
 public:
  explicit DelayLine(base::Duration delay) : delay_(delay) {}

  struct Held {
    base::Time due;
    RtpPacket packet;  // its payload begins behind a header's room in `bytes`
    std::vector<std::uint8_t> bytes;
  };
  void put(const RtpPacket& packet, std::span<const std::uint8_t> payload, base::Time now) {
    if (held_.size() >= most_packets) {
      held_.pop_front();
    }
    Held held{now + delay_, packet, std::vector<std::uint8_t>(rtp_header_size + payload.size())};
    std::copy(payload.begin(), payload.end(), held.bytes.begin() + rtp_header_size);
    held.packet.payload_offset = rtp_header_size;
    held_.push_back(std::move(held));
  }
  [[nodiscard]] bool is_due(base::Time now) const { return !held_.empty() && held_.front().due <= now; }
  Held take() {
    Held first = std::move(held_.front());
    held_.pop_front();
    return first;
  }

 private:
  static constexpr std::size_t most_packets = 1500;  // ten seconds, and more than fits of most codecs

  base::Duration delay_;
  std::deque<Held> held_;
};

}  // namespace switchroom::media
