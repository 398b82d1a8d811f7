// Tones: what `tone_stream:` writes, ringback, and key presses as sound.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::media {

/// Up to four frequencies at once for a while, then silence.
struct Tone {
  std::array<double, 4> frequencies{};  // Hz; 0: none
  double level_dbm0 = -13;              // of each frequency
  base::Duration on{};                  // zero with frequencies: for ever
  base::Duration off{};
};

/// Several tones one after another; `loops` times, 0: for ever.
struct ToneScript {
  std::vector<Tone> tones;
  unsigned loops = 1;
};

/// The notation of the requirements document (teletone): "%(2000,4000,440,480)", several joined by ";",
/// "v=-7" for the level, "l=3" or "loops=3" ("loops=-1": for ever), "d=", "w=" and keys such as "123#".
/// The error is a sentence for `switchroom check`.
base::result<ToneScript, std::string> parse_tones(std::string_view text);

/// The two frequencies of a key (0-9 * # A-D), as ITU-T Q.23 has them; frequencies of 0 for another char.
Tone key_tone(char key);

/// Makes the sound of a script at one rate. Phase goes on from frame to frame; each tone begins and ends
/// with a ramp of 2 ms, so that none clicks.
class ToneGenerator {
 public:
  ToneGenerator(ToneScript script, unsigned rate);
  /// Fills what it can; less than asked for: the script is over.
  std::size_t read(std::span<std::int16_t> pcm);
  /// The tone that sounds ends with its ramp in the next read(), and the script with it.
  void stop();

 private:
  [[nodiscard]] std::int16_t sample(const Tone& tone, std::size_t position, std::size_t length);

  ToneScript script_;
  unsigned rate_;
  std::size_t tone_ = 0;
  unsigned loop_ = 0;
  std::size_t position_ = 0;  // samples into the tone, its silence included
  std::size_t stop_at_ = 0;   // 0: not stopping
  bool over_ = false;
  std::array<double, 4> phases_{};
};

}  // namespace switchroom::media
