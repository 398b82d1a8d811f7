// Loudness: gain, limiting, ramps, level.
#pragma once

#include <cstdint>
#include <span>

namespace switchroom::media {

/// A factor for samples from decibels.
float gain_of_db(double db);

/// Makes sound louder or softer; what would clip is limited (see Limiter), and a new gain is reached over
/// one frame, so that no change clicks. One stream.
class Gain {
 public:
  void change(double db);
  void change_factor(float factor);
  [[nodiscard]] bool changes_anything() const { return wanted_ != 1 || now_ != 1; }
  void apply(std::span<std::int16_t> pcm);

 private:
  float wanted_ = 1;
  float now_ = 1;
};

/// A straight line from `from` to `to` over the samples (1: as they are).
void ramp(std::span<std::int16_t> pcm, float from, float to);

/// The mean amplitude, 0 to 32767.
unsigned mean_amplitude(std::span<const std::int16_t> pcm);

/// A sample that may be too loud, bent to fit: as it is up to three quarters of full scale, above that along
/// a curve that never reaches it.
std::int16_t softly_limited(float sample);

/// Root mean square, relative to the digital milliwatt (G.711's 0 dBm0 is 3.14 dB below full scale's sine);
/// -96 for silence.
double level_dbm0(std::span<const std::int16_t> pcm);

}  // namespace switchroom::media
