#include "media/rtp/receiver_statistics.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr std::uint16_t max_dropout = 3000;  // RFC 3550 A.1: a larger gap is a restart, or nonsense
constexpr std::uint16_t max_misorder = 100;

}  // namespace

void ReceiverStatistics::start(const RtpPacket& packet) {
  if (started_) {
    lost_before_ = lost();
  }
  started_ = true;
  interrupted_ = false;
  ssrc_ = packet.ssrc;
  first_ = highest_ = packet.sequence;
  cycles_ = 0;
  expected_restart_ = no_restart;
  received_ = 0;
  expected_prior_ = received_prior_ = 0;
  jitter_ = 0;
  timed_ = false;
}

void ReceiverStatistics::on_packet(const RtpPacket& packet, std::uint32_t clock_rate, base::Time now) {
  if (!started_ || interrupted_ || packet.ssrc != ssrc_) {
    start(packet);
  } else if (!follow_sequence(packet.sequence)) {
    if (expected_restart_ != packet.sequence) {  // one packet far off proves nothing yet
      expected_restart_ = static_cast<std::uint16_t>(packet.sequence + 1U);
      return;
    }
    start(packet);  // two in a row: the peer has begun anew
  }
  ++received_;
  if (clock_rate != 0) {
    follow_jitter(packet.timestamp, clock_rate, now);
  }
}

bool ReceiverStatistics::follow_sequence(std::uint16_t sequence) {
  const auto ahead = static_cast<std::uint16_t>(sequence - highest_);
  if (ahead < max_dropout) {
    if (sequence < highest_) {
      cycles_ += 0x10000;
    }
    highest_ = sequence;
  } else if (ahead <= 0x10000 - max_misorder) {
    return false;
  }
  expected_restart_ = no_restart;
  return true;  // in order, or late, or a duplicate
}

void ReceiverStatistics::follow_jitter(std::uint32_t timestamp, std::uint32_t clock_rate, base::Time now) {
  if (timed_ && clock_rate == clock_rate_) {
    // Elapsed time in timestamp units; silences of hours would overflow, so they are capped.
    const auto elapsed = std::min<std::int64_t>((now - last_arrival_).count(), 10'000'000'000);
    const auto units = elapsed * clock_rate / 1'000'000'000;
    const auto sent = static_cast<std::int32_t>(timestamp - last_timestamp_);
    const std::int64_t difference = units > sent ? units - sent : sent - units;
    // One second of it is no jitter but a jump of the peer's clock.
    if (difference < clock_rate) {
      jitter_ += static_cast<std::uint32_t>(difference) - ((jitter_ + 8U) >> 4U);
    }
  }
  timed_ = true;
  clock_rate_ = clock_rate;
  last_arrival_ = now;
  last_timestamp_ = timestamp;
}

std::int64_t ReceiverStatistics::lost_of_source() const {
  const std::int64_t expected = std::int64_t{cycles_} + highest_ - first_ + 1;
  return expected - static_cast<std::int64_t>(received_);
}

std::uint64_t ReceiverStatistics::lost() const {
  if (!started_) {
    return 0;
  }
  return lost_before_ + static_cast<std::uint64_t>(std::max<std::int64_t>(0, lost_of_source()));
}

ReceiverStatistics::Interval ReceiverStatistics::take_interval() {
  Interval interval;
  const std::uint64_t expected = std::uint64_t{cycles_} + highest_ - first_ + 1;
  const auto expected_now = static_cast<std::int64_t>(expected - expected_prior_);
  const auto received_now = static_cast<std::int64_t>(received_ - received_prior_);
  expected_prior_ = expected;
  received_prior_ = received_;
  const std::int64_t lost_now = expected_now - received_now;
  if (expected_now > 0 && lost_now > 0) {
    interval.fraction_lost =
        static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_now * 256 / expected_now));
  }
  interval.cumulative_lost =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(lost_of_source(), -0x800000, 0x7FFFFF));
  interval.highest_sequence = cycles_ + highest_;
  interval.jitter = jitter_ >> 4U;
  return interval;
}

}  // namespace switchroom::media
