// Key presses (RFC 4733) as strangers may write them: each press is told once, begins with a key, and ends.
#include "media/rtp/telephone_event.hpp"

#include <cstdlib>
#include <vector>

namespace media = switchroom::media;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// A press may end without a beginning that was told (only its end came), never with another key than it
/// began.
struct Ear {
  char pressed = 0;
  void hear(const media::KeyReceiver::Press& press) {
    require(media::event_of_key(press.key).has_value());
    require(press.length >= switchroom::base::Duration::zero());
    require(press.length < std::chrono::hours(24));
    if (press.ended) {
      require(pressed == press.key);
      pressed = 0;
    } else {
      require(pressed == 0);
      pressed = press.key;
    }
  }
};

}  // namespace

/// The input is a sequence of packets: a byte with the time since the last one, four of the timestamp, the
/// length of the payload, the payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> rest(data, size);
  media::KeyReceiver receiver;
  Ear ear;
  switchroom::base::Time now(std::chrono::hours(1));
  while (rest.size() > 6) {
    now += std::chrono::milliseconds(rest[0]);
    const std::uint32_t timestamp = std::uint32_t{rest[1]} << 24U | std::uint32_t{rest[2]} << 16U |
                                    std::uint32_t{rest[3]} << 8U | rest[4];
    const std::size_t length = std::min<std::size_t>(rest[5] % 8U, rest.size() - 6);
    const auto payload = rest.subspan(6, length);
    const std::uint32_t rate = (rest[0] & 1U) != 0 ? 48000 : 8000;
    rest = rest.subspan(6 + length);
    if (const auto event = media::parse_telephone_event(payload)) {
      std::array<std::uint8_t, media::telephone_event_size> written{};
      media::write_telephone_event(*event, written);
      const auto again = media::parse_telephone_event(written);
      require(again && again->event == event->event && again->end == event->end &&
              again->duration == event->duration);
      for (const auto& press : receiver.on_packet(timestamp, *event, rate, now).presses) {
        if (press) ear.hear(*press);
      }
    }
    if (receiver.pressed()) {
      if (const auto press = receiver.on_time(now)) ear.hear(*press);
    }
  }
  for (int beats = 0; receiver.pressed() && beats < 100; ++beats) {
    now += std::chrono::milliseconds(20);
    if (const auto press = receiver.on_time(now)) ear.hear(*press);
  }
  require(!receiver.pressed());
  return 0;
}
