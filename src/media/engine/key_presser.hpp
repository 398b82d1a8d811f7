// The keys that a stream presses towards its peer, one after another, as packets or as a tone.
#pragma once

#include "media/dsp/tone.hpp"
#include "media/rtp/telephone_event.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <span>

namespace switchroom::media {

/// Media thread of its stream. Between two keys that were pressed ahead lies a pause of 60 ms.
class KeyPresser {
 public:
  static constexpr unsigned tone_rate = 8000;  // Hz of read_tone()
  enum class Form : std::uint8_t { none, packets, tone };
  /// Hz of the RFC 4733 events that the peer agreed to; nullopt: to none, so that it hears a tone.
  using Events = std::optional<std::uint32_t>;

  /// Begins now, or when all that were pressed before are done. `length` zero: until release().
  void press(char key, base::Duration length, Events events);
  /// Of the key that was pressed last.
  void release();
  /// How the key of this moment is heard; none: nothing is pressed, and nothing waits.
  [[nodiscard]] Form form() const { return sender_ ? Form::packets : tone_ ? Form::tone : Form::none; }
  [[nodiscard]] std::uint32_t clock_rate() const { return clock_rate_; }  // of form packets

  /// What to send in this beat, for form packets.
  std::optional<KeySender::Packet> next_packet();
  /// The 20 ms of this beat, for form tone.
  void read_tone(std::span<std::int16_t> pcm);
  /// Ends the beat. Returns how many beats the key took when it has ended in this one.
  std::optional<unsigned> end_beat(Events events);

 private:
  struct Press {
    char key = 0;
    base::Duration length{};
  };
  void begin(const Press& press, Events events);

  std::optional<KeySender> sender_;
  std::optional<ToneGenerator> tone_;
  std::uint32_t clock_rate_ = 8000;
  base::Duration length_{};  // zero: until it is released
  unsigned beats_ = 0;       // of this key
  unsigned pause_ = 0;       // beats since it was over
  bool over_ = false;
  std::list<Press> waiting_;  // no deque: it holds 0.6 KB while empty
};

}  // namespace switchroom::media
