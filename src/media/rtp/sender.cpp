#include "media/rtp/sender.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

// A larger step within one source is a peer that began anew, not loss: hiding it keeps the far end's
// jitter buffer from waiting for a thousand packets that never come.
constexpr std::uint16_t max_step = 1000;

std::uint32_t in_units(base::Duration passed, std::uint32_t clock_rate) {
  const std::int64_t nanoseconds = std::clamp<std::int64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count(), 0, 86'400'000'000'000);
  return static_cast<std::uint32_t>(nanoseconds / 1000 * clock_rate / 1'000'000);
}

}  // namespace

Sender::Sender(std::uint32_t ssrc, std::uint16_t first_sequence, std::uint32_t first_timestamp)
    : ssrc_(ssrc),
      last_sequence_(static_cast<std::uint16_t>(first_sequence - 1U)),
      last_timestamp_(first_timestamp) {}

bool Sender::rewrite(RtpPacket& packet, std::uint64_t source, std::uint32_t clock_rate, base::Time now) {
  own_ = false;
  const auto ahead = static_cast<std::uint16_t>(packet.sequence - source_highest_);
  const bool far = ahead > max_step && ahead < 0x10000 - max_step;
  bool newest = ahead < 0x8000;
  if (!anchored_ || source != source_ || packet.ssrc != source_ssrc_ || far) {
    source_ = source;
    anchor(packet, clock_rate, now);
    newest = true;
  } else if (newest) {
    source_highest_ = packet.sequence;
    since_anchor_ = std::min<std::uint32_t>(since_anchor_ + ahead, 0xFFFF);
  } else if (0x10000U - ahead > since_anchor_) {
    return false;  // sent before the change: its number went out already, with another's sound
  }
  packet.sequence = static_cast<std::uint16_t>(packet.sequence + sequence_offset_);
  packet.timestamp += timestamp_offset_;
  packet.ssrc = ssrc_;
  if (newest) {
    last_sequence_ = packet.sequence;
    last_timestamp_ = packet.timestamp;
    last_time_ = now;
    clock_rate_ = clock_rate;
    started_ = true;
  }
  return true;
}

void Sender::anchor(RtpPacket& packet, std::uint32_t clock_rate, base::Time now) {
  anchored_ = true;
  source_ssrc_ = packet.ssrc;
  source_highest_ = packet.sequence;
  since_anchor_ = 0;
  sequence_offset_ = static_cast<std::uint16_t>(last_sequence_ + 1U - packet.sequence);
  // At least one millisecond on, so that two sources never share a timestamp.
  const std::uint32_t passed =
      started_ ? std::max(in_units(now - last_time_, clock_rate), clock_rate / 1000) : 0;
  timestamp_offset_ = last_timestamp_ + passed - packet.timestamp;
  packet.marker = true;
}

RtpPacket Sender::next(std::uint32_t units, std::uint32_t clock_rate, base::Time now) {
  RtpPacket packet;
  if (own_ && clock_rate == clock_rate_) {
    packet.timestamp = own_next_;
    packet.marker = !spoke_;
  } else {
    // Sound that follows at once goes on where the last packet (of 20 ms) ended: the far end sees a packet
    // that is a little late, and no hole. After a pause the time that passed counts.
    const std::uint32_t passed = started_ ? in_units(now - last_time_, clock_rate) : 0;
    const bool at_once = started_ && passed < clock_rate / 5;
    packet.timestamp = last_timestamp_ + (at_once ? clock_rate / 50 : passed);
    packet.marker = true;
  }
  anchored_ = false;
  own_ = spoke_ = true;
  own_next_ = packet.timestamp + units;
  packet.sequence = static_cast<std::uint16_t>(last_sequence_ + 1U);
  packet.ssrc = ssrc_;
  last_sequence_ = packet.sequence;
  last_timestamp_ = packet.timestamp;
  last_time_ = now;
  clock_rate_ = clock_rate;
  started_ = true;
  return packet;
}

void Sender::skip(std::uint32_t units) {
  own_next_ += units;
  spoke_ = false;
}

RtpPacket Sender::next_at(std::uint32_t timestamp) {
  RtpPacket packet;
  packet.sequence = ++last_sequence_;
  packet.timestamp = timestamp;
  packet.ssrc = ssrc_;
  anchored_ = false;
  return packet;
}

void Sender::pass(std::uint32_t units, base::Time now) {
  last_timestamp_ += units;
  last_time_ = now;
  own_ = false;
}

void Sender::on_sent(std::size_t payload_size) {
  ++packets_;
  octets_ += static_cast<std::uint32_t>(payload_size);
}

std::uint32_t Sender::timestamp_at(base::Time now) const {
  return started_ ? last_timestamp_ + in_units(now - last_time_, clock_rate_) : last_timestamp_;
}

}  // namespace switchroom::media
