// Whether what a member of a mix says is worth decoding.
#pragma once

#include <cstdint>
#include <optional>

namespace switchroom::media {

/// Falls asleep when the mix had no use for what a member said for a second: it said nothing, or was too
/// quiet for its gate. Then its packets are neither decoded nor kept, as if it sent none; how loud they are
/// is told by amplitude_of(), and the first one that may open the gate wakes it. A value; media thread.
class Doze {
 public:
  /// What is needed has changed: awake from here on. `may`: the mix alone wants the sound. `level`: the
  /// amplitude from which on the gate may open (0: there is no gate).
  void settle(bool may, unsigned level) {
    may_ = may;
    level_ = level;
    wake();
  }
  void wake() {
    on_ = false;
    idle_ = 0;
  }
  [[nodiscard]] bool on() const { return on_; }

  /// A packet of sound came while it slept. False: it woke, and the packet is to be played.
  bool sleeps_through(std::optional<unsigned> amplitude) {
    if (!amplitude || *amplitude >= level_) {
      wake();
      return false;
    }
    amplitude_ = *amplitude;
    age_ = 0;
    return true;
  }
  /// Whether the jitter buffer is to see a packet that was slept through: now and then, so that it knows the
  /// network's delays when it is needed.
  bool looks_on() { return looked_++ % look_every == 0; }

  /// What was heard lately while it sleeps; nullopt: nothing.
  [[nodiscard]] std::optional<unsigned> amplitude() const {
    return on_ && age_ < keep ? std::optional(unsigned{amplitude_}) : std::nullopt;
  }
  /// A beat is over; `used`: the mix wanted what was said in it. True: it falls asleep.
  bool end_beat(bool used) {
    age_ = age_ < keep ? static_cast<std::uint8_t>(age_ + 1) : keep;
    if (used) {
      wake();
      return false;
    }
    if (!may_ || on_ || ++idle_ < patience) {
      return false;
    }
    on_ = true;
    age_ = keep;
    looked_ = 0;
    return true;
  }

 private:
  static constexpr std::uint8_t patience = 50;   // beats
  static constexpr std::uint8_t keep = 3;        // beats without a packet until there is silence
  static constexpr std::uint8_t look_every = 8;  // packets
  bool may_ = false;
  bool on_ = false;
  std::uint8_t idle_ = 0;
  std::uint8_t age_ = keep;
  std::uint8_t looked_ = 0;
  unsigned level_ = 0;
  unsigned amplitude_ = 0;
};

}  // namespace switchroom::media
