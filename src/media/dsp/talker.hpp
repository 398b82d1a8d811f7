// Who talks: a noise gate and a detector of talkers, and a gain that brings voices to one level.
#pragma once

#include <cstdint>

namespace switchroom::media {

/// Decides by the energy of each 20 ms (mean_amplitude) whether a microphone is let through, and whether its
/// owner talks. The gate opens with the first loud frame, so that no word loses its beginning, and stays
/// open the longer the more was said; talking is told after 80 ms of it, so that a click is nobody, and
/// ends after 0.8 s of quiet, so that a breath is no end. Pure: time is the number of frames.
class TalkDetector {
 public:
  /// `level`: the least energy of speech; 0: all is let through and nobody talks.
  void hear(unsigned energy, unsigned level);
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool talking() const { return talking_; }
  /// This frame was loud enough itself.
  [[nodiscard]] bool loud() const { return loud_; }

 private:
  bool open_ = false;
  bool talking_ = false;
  bool loud_ = false;
  std::uint32_t recent_ = 0;  // a bit for each of the last frames: it was loud
  unsigned quiet_ = 0;        // frames since a loud one
  unsigned hold_ = 0;         // frames that the gate stays open without one
};

/// Automatic gain: learns from frames that are speech alone, so that pauses leave it where it is (no
/// pumping), and moves slowly: 6 dB up in a second, 20 dB down.
class AutoGain {
 public:
  /// The factor for this frame. `target`: the energy to reach; 0: the factor goes back to 1.
  float hear(unsigned energy, unsigned target, bool speech);

 private:
  float level_ = 0;  // energy of speech, smoothed over some syllables; 0: none was heard
  float factor_ = 1;
};

}  // namespace switchroom::media
