// Playout: what a packet that comes in does to the numbers, the delays and the store.
#include "media/jitter/playout_state.hpp"

#include <cmath>

namespace switchroom::media {
namespace {

constexpr int far_numbers = 500;  // packets: a greater step is a source that began anew

}  // namespace

void Playout::State::begin_anew(const RtpPacket& packet) {
  statistics.resets += started_ ? 1 : 0;
  started_ = true;
  ssrc_ = packet.ssrc;
  highest_ = number_ = (std::int64_t{1} << 20) + packet.sequence;
  highest_media_ = media_ = (std::int64_t{1} << 34) + packet.timestamp;
  next_ = number_;
  taken_ = 0;
  packets_.clear();
  delays_.reset();
  restart_number_.reset();
  begun_ = false;
  pressed_ = false;
  noisy_ = false;
  made_up_ = 0;
  repair_until_ = 0;
  fade_out();
}

/// Extends number and timestamp; false: a packet from far off, which may be the first of a new count.
bool Playout::State::place(const RtpPacket& packet, std::uint32_t clock_rate) {
  if (!started_ || packet.ssrc != ssrc_) {
    begin_anew(packet);
    clock_rate_ = clock_rate;
    return true;
  }
  const auto step = static_cast<std::int16_t>(packet.sequence - static_cast<std::uint16_t>(highest_));
  if (std::abs(step) > far_numbers) {
    const bool expected = restart_number_ == packet.sequence;
    restart_number_ = static_cast<std::uint16_t>(packet.sequence + 1U);
    if (!expected) {
      return false;
    }
    begin_anew(packet);
    clock_rate_ = clock_rate;
    return true;
  }
  restart_number_.reset();
  number_ = highest_ + step;
  if (clock_rate != clock_rate_) {  // another codec: its timestamps count in other units
    highest_media_ = highest_media_ * clock_rate / clock_rate_;
    const auto low = static_cast<std::uint32_t>(highest_media_);
    // Where they stand is taken from the packet, when it is near by neither count.
    const auto off = static_cast<std::int32_t>(packet.timestamp - low);
    highest_media_ += off;
    clock_rate_ = clock_rate;
    delays_.reset();
  }
  media_ = highest_media_ +
           static_cast<std::int32_t>(packet.timestamp - static_cast<std::uint32_t>(highest_media_));
  if (step > 0) {
    highest_ = number_;
    highest_media_ = media_;
  }
  return true;
}

void Playout::State::watch_delay(const PacketStore::Packet& packet) {
  if (packet.kind.what != PlayoutKind::What::event) {  // an event's timestamp stands still
    (void)delays_.on_packet(packet.arrival_ms, media_ms(packet));
  }
}

void Playout::State::put(const RtpPacket& packet, std::span<const std::uint8_t> payload,
                         const PlayoutKind& kind, double now) {
  const std::int64_t newest = highest_;
  const bool had_started = started_;
  // An event's clock may be another than that of the sound around it: only its number counts.
  const bool event = kind.what == PlayoutKind::What::event;
  if (!place(packet, event && started_ ? clock_rate_ : kind.clock_rate)) {
    return;
  }
  const PacketStore::Packet head{.number = number_,
                                 .media = media_,
                                 .marker = packet.marker,
                                 .kind = kind,
                                 .arrival_ms = now,
                                 .payload = {}};
  if (number_ < next_) {
    const std::int64_t back = next_ - 1 - number_;
    const bool was_taken = back < 64 && ((taken_ >> static_cast<unsigned>(back)) & 1U) != 0;
    ++(was_taken ? statistics.duplicates : statistics.late);
    if (!was_taken) {
      watch_delay(head);  // so that the next one of its kind is waited for
    }
    return;
  }
  if (number_ >= next_ + PacketStore::capacity) {  // nobody pulled for more than a second
    statistics.overflows += packets_.size();
    packets_.clear();
    next_ = number_;
    taken_ = 0;
    begun_ = false;
    fade_out();
  }
  if (!packets_.put(number_, head, payload)) {
    ++statistics.duplicates;
    return;
  }
  if (had_started && number_ < newest) {
    ++statistics.reordered;
  }
  watch_delay(head);
}

void Playout::State::pass_over(const RtpPacket& packet, const PlayoutKind& kind, double now) {
  if (!place(packet, kind.clock_rate)) {
    return;
  }
  drop_waiting();
  watch_delay({.number = number_, .media = media_, .kind = kind, .arrival_ms = now, .payload = {}});
}

}  // namespace switchroom::media
