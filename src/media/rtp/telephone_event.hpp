// Key presses as packets: RFC 4733. State machines without socket or clock.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace switchroom::media {

/// The payload's four bytes.
struct TelephoneEvent {
  std::uint8_t event = 0;  // 0-9, 10 *, 11 #, 12-15 A-D
  bool end = false;
  std::uint8_t volume = 10;    // -dBm0
  std::uint16_t duration = 0;  // in timestamp units
};
inline constexpr std::size_t telephone_event_size = 4;
std::optional<TelephoneEvent> parse_telephone_event(std::span<const std::uint8_t> payload);
void write_telephone_event(const TelephoneEvent& event, std::span<std::uint8_t, telephone_event_size> out);

std::optional<char> key_of(std::uint8_t event);
std::optional<std::uint8_t> event_of_key(char key);

/// Reads one peer's events: each press once, whatever is lost, repeated or reordered.
class KeyReceiver {
 public:
  struct Press {
    char key = 0;
    bool ended = false;
    base::Duration length{};  // of a press that ended
  };
  /// A packet of an event; `clock_rate` in Hz. Up to two things happen at once: the last press ends since
  /// its own end was lost, and another begins.
  struct News {
    std::array<std::optional<Press>, 2> presses;
  };
  News on_packet(std::uint32_t timestamp, const TelephoneEvent& event, std::uint32_t clock_rate,
                 base::Time now);
  /// Call every beat while pressed(): ends a press whose end packets were all lost (nothing came for 200
  /// ms), and one of which only the end came.
  std::optional<Press> on_time(base::Time now);
  [[nodiscard]] bool pressed() const { return pressed_; }

 private:
  [[nodiscard]] Press ended() const;

  bool pressed_ = false;
  bool known_ = false;  // timestamp_ is of a press that was told
  std::uint32_t timestamp_ = 0;
  std::uint8_t event_ = 0;
  std::uint32_t duration_ = 0;  // timestamp units; longest seen, over 65535 by several segments
  std::uint32_t segments_ = 0;  // timestamp units of the segments before this one
  bool ended_at_once_ = false;  // only the end of the press came
  std::uint32_t clock_rate_ = 8000;
  base::Time last_;
};

/// Writes the events of one press: a packet each beat, the end three times, durations growing, segments
/// of a press longer than 16 bits hold (RFC 4733 section 2.5.1.3).
class KeySender {
 public:
  explicit KeySender(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}
  void press(char key);
  /// Shorter presses than 40 ms are made 40 ms long.
  void release();

  struct Packet {
    std::array<std::uint8_t, telephone_event_size> payload{};
    bool first = false;        // the marker; the timestamp of all others is that of the last first
    bool new_segment = false;  // the timestamp moves on by `moved`
    std::uint32_t moved = 0;
  };
  /// Call every `beat` while busy(); nullopt: nothing to send now.
  std::optional<Packet> next(base::Duration beat);
  [[nodiscard]] bool busy() const { return state_ != State::idle; }

 private:
  enum class State : std::uint8_t { idle, starting, pressed, ending };
  std::uint32_t clock_rate_;
  State state_ = State::idle;
  bool release_ = false;
  std::uint8_t event_ = 0;
  std::uint32_t duration_ = 0;
  std::uint32_t total_ = 0;
  unsigned ends_sent_ = 0;
};

}  // namespace switchroom::media
