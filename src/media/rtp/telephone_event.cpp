#include "media/rtp/telephone_event.hpp"

#include <algorithm>
#include <string_view>

namespace switchroom::media {
namespace {

constexpr std::string_view keys = "0123456789*#ABCD";
constexpr base::Duration lost_end = std::chrono::milliseconds(200);
constexpr unsigned end_packets = 3;         // RFC 4733 section 2.5.1.4
constexpr std::uint32_t longest = 0xFFFF;   // timestamp units in one segment
constexpr unsigned shortest_press_ms = 40;  // ITU-T Q.24

std::uint32_t in_units(base::Duration time, std::uint32_t clock_rate) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count() *
                                    clock_rate / 1000);
}

}  // namespace

std::optional<TelephoneEvent> parse_telephone_event(std::span<const std::uint8_t> payload) {
  if (payload.size() < telephone_event_size) {
    return std::nullopt;
  }
  TelephoneEvent event;
  event.event = payload[0];
  event.end = (payload[1] & 0x80U) != 0;
  event.volume = payload[1] & 0x3FU;
  event.duration = static_cast<std::uint16_t>(payload[2] << 8U | payload[3]);
  return event;
}

void write_telephone_event(const TelephoneEvent& event, std::span<std::uint8_t, telephone_event_size> out) {
  out[0] = event.event;
  out[1] = static_cast<std::uint8_t>((event.end ? 0x80U : 0U) | (event.volume & 0x3FU));
  out[2] = static_cast<std::uint8_t>(event.duration >> 8U);
  out[3] = static_cast<std::uint8_t>(event.duration);
}

std::optional<char> key_of(std::uint8_t event) {
  return event < keys.size() ? std::optional(keys[event]) : std::nullopt;
}

std::optional<std::uint8_t> event_of_key(char key) {
  const char upper = key >= 'a' && key <= 'd' ? static_cast<char>(key - 'a' + 'A') : key;
  const auto at = keys.find(upper);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<std::uint8_t>(at));
}

KeyReceiver::Press KeyReceiver::ended() const {
  const auto ms = std::chrono::milliseconds(std::uint64_t{duration_} * 1000 / clock_rate_);
  return {key_of(event_).value_or('?'), true, ms};
}

KeyReceiver::News KeyReceiver::on_packet(std::uint32_t timestamp, const TelephoneEvent& event,
                                         std::uint32_t clock_rate, base::Time now) {
  News news;
  if (!key_of(event.event) || clock_rate == 0) {
    return news;  // a tone that is no key (RFC 4733 has others)
  }
  const std::uint32_t since = timestamp - timestamp_;
  if (known_ && (since == 0 || since >= 0x80000000U)) {
    // A packet of the press that we know, or of one before it that was overtaken: nothing is new but its
    // length and its end.
    if (since == 0 && pressed_ && event.event == event_) {
      last_ = now;
      duration_ = std::max<std::uint32_t>(duration_, segments_ + event.duration);
      if (event.end) {
        pressed_ = false;
        news.presses[0] = ended();
      }
    }
    return news;
  }
  // A long press goes on in a new segment: its timestamp is where the last one ended.
  if (pressed_ && event.event == event_ && since >= longest - clock_rate / 10 &&
      since <= longest + clock_rate / 10) {
    segments_ += since;
    timestamp_ = timestamp;
    last_ = now;
    duration_ = segments_ + event.duration;
    if (event.end) {
      pressed_ = false;
      news.presses[0] = ended();
    }
    return news;
  }
  std::size_t told = 0;
  if (pressed_) {
    news.presses[told++] = ended();
  }
  known_ = true;
  pressed_ = true;
  timestamp_ = timestamp;
  event_ = event.event;
  segments_ = 0;
  duration_ = event.duration;
  clock_rate_ = clock_rate;
  last_ = now;
  news.presses[told] = Press{*key_of(event.event), false, {}};
  if (event.end) {  // all that came of it is its end: told as begun here, and as ended at the next look
    ended_at_once_ = true;
  }
  return news;
}

std::optional<KeyReceiver::Press> KeyReceiver::on_time(base::Time now) {
  if (!pressed_ || (!ended_at_once_ && now - last_ < lost_end)) {
    return std::nullopt;
  }
  pressed_ = false;
  ended_at_once_ = false;
  return ended();
}

void KeySender::press(char key) {
  const auto event = event_of_key(key);
  if (!event) {
    return;
  }
  event_ = *event;
  state_ = State::starting;
  release_ = false;
  duration_ = total_ = 0;
  ends_sent_ = 0;
}

void KeySender::release() { release_ = true; }

std::optional<KeySender::Packet> KeySender::next(base::Duration beat) {
  if (state_ == State::idle) {
    return std::nullopt;
  }
  Packet packet;
  packet.first = state_ == State::starting;
  if (state_ != State::ending) {
    const std::uint32_t step = in_units(beat, clock_rate_);
    if (duration_ + step > longest) {
      packet.new_segment = true;
      packet.moved = duration_;
      duration_ = 0;
    }
    duration_ += step;
    total_ += step;
    const bool long_enough = total_ >= clock_rate_ * shortest_press_ms / 1000;
    state_ = release_ && long_enough ? State::ending : State::pressed;
  }
  const bool end = state_ == State::ending;
  write_telephone_event({.event = event_, .end = end, .duration = static_cast<std::uint16_t>(duration_)},
                        packet.payload);
  if (end && ++ends_sent_ == end_packets) {
    state_ = State::idle;
  }
  return packet;
}

}  // namespace switchroom::media
