// Key presses: those that the peer presses, and those that are pressed towards it.
#include "media/engine/stream.hpp"

namespace switchroom::media {

/// What the plan says of key presses as packets: the clock of the codec in use first.
const sdp::AgreedCodec* Stream::events(std::uint32_t& clock_rate) const {
  const sdp::AgreedCodec* const codec = codec_in_use();
  const bool wide = codec != nullptr && codec->codec == sdp::CodecId::opus;
  if (plan_.telephone_event_48k && (wide || !plan_.telephone_event_8k)) {
    clock_rate = 48000;
    return &*plan_.telephone_event_48k;
  }
  clock_rate = 8000;
  return plan_.telephone_event_8k ? &*plan_.telephone_event_8k : nullptr;
}

KeyPresser::Events Stream::event_clock() const {
  std::uint32_t clock_rate = 0;
  return events(clock_rate) != nullptr ? KeyPresser::Events(clock_rate) : std::nullopt;
}

void Stream::press(char key, base::Duration length) {
  presser_.press(key, length, event_clock());
  reroute();
}

void Stream::release() { presser_.release(); }

void Stream::press_on(base::Time now) {
  const auto packet = presser_.next_packet();
  std::uint32_t clock_rate = 0;
  const sdp::AgreedCodec* const to = events(clock_rate);
  if (!packet || to == nullptr || !can_send()) {
    return;
  }
  RtpPacket header;
  if (packet->first) {
    header = sender_.next(0, presser_.clock_rate(), now);
    header.marker = true;
    key_timestamp_ = header.timestamp;
  } else {
    key_timestamp_ += packet->moved;
    header = sender_.next_at(key_timestamp_);
  }
  header.payload_type = to->send_payload_type;
  emit(header, packet->payload);
}

/// After a beat in which a key was pressed.
void Stream::press_further(base::Time now) {
  const auto form = presser_.form();
  const auto beats = presser_.end_beat(event_clock());
  if (beats && form == KeyPresser::Form::packets) {
    sender_.pass(*beats * presser_.clock_rate() / 50, now);
  }
  if (form != presser_.form()) {
    reroute();
  }
}

void Stream::on_event(const RtpPacket& packet, std::span<const std::uint8_t> payload, bool relayed,
                      base::Time now) {
  const auto event = parse_telephone_event(payload);
  if (!event) {
    block_->malformed.add();
    return;
  }
  const auto news = keys_.on_packet(packet.timestamp, *event, kinds_[packet.payload_type].clock_rate, now);
  for (const auto& press : news.presses) {
    if (press) {
      tell_digit({.key = press->key, .ended = press->ended, .length = press->length, .relayed = relayed});
    }
  }
}

void Stream::hear_keys(base::Time now) {
  const KeyDetector::Change& change = ear_->key_change();
  if (change.ended && tone_began_) {
    tell_digit({.key = tone_key_, .ended = true, .length = now - *tone_began_, .form = Digit::Form::tone});
    tone_began_.reset();
  }
  if (change.began) {
    tone_key_ = *change.began;
    tone_began_ = now;
    tell_digit({.key = tone_key_, .form = Digit::Form::tone});
  }
}

void Stream::tell_digit(const Digit& digit) {
  asio::post(call_context_, [block = block_, digit] {
    const auto tell = block->events.on_digit;  // a copy: the port may go while it runs
    if (tell) {
      tell(digit);
    }
  });
}

}  // namespace switchroom::media
