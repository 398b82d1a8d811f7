// A list of sounds, tones and silences as an even stream of sound at one rate.
#pragma once

#include "base/clock.hpp"
#include "media/dsp/resampler.hpp"
#include "media/dsp/tone.hpp"
#include "media/engine.hpp"
#include "media/sound.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

/// Where a playing is; written by its media thread, read by any.
struct PlayProgress {
  std::atomic<std::int64_t> position_ms = 0;  // see Player::position()
};

/// Plays a PlayList once or several times. It begins, stops, pauses and jumps with a ramp of 5 ms, and so
/// does each sound within the list, so that nothing clicks; items begin on whole milliseconds. Made on any
/// thread, then owned by a stream on its media thread; read() does not allocate.
class Player {
 public:
  /// `rate`: Hz of what read() gives. `progress` is shared since the call thread's Playback and this may
  /// each outlive the other.
  Player(PlayList list, const PlaySettings& settings, unsigned rate, std::shared_ptr<PlayProgress> progress);

  [[nodiscard]] unsigned rate() const { return rate_; }
  /// Goes on at another rate from where it is (the codec changed); a tone begins anew. Allocates.
  void change_rate(unsigned rate);

  /// Fills all of `pcm` (whole milliseconds), with silence from the end on. False: all of it is silence,
  /// as it is while it pauses.
  bool read(std::span<std::int16_t> pcm);

  void pause(bool on) { paused_ = on; }
  /// Within the item that sounds, not past its ends; a tone takes no notice.
  void seek(base::Duration by) {
    jump_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
  }
  /// The next read() has the ramp to silence, and then it is over().
  void stop() { stopping_ = true; }

  /// Nothing more will sound: all was played, or it was stopped.
  [[nodiscard]] bool over() const { return over_; }
  /// How far into the list, in this pass through it; pauses do not count.
  [[nodiscard]] base::Duration position() const { return std::chrono::milliseconds(before_ms_ + at_ms_); }

 private:
  /// An item with what it takes to play it at rate_.
  struct Track {
    PlayItem item;
    std::optional<ToneGenerator> fresh;    // of a tone, as it begins
    std::optional<ToneGenerator> running;  // assigned from `fresh` at each beginning, which allocates nothing
    bool ended = false;                    // the tone did
  };

  void prepare();
  void begin_track();
  void join_stream();
  bool next_track();
  /// How long the track goes on, 0 at its end.
  [[nodiscard]] std::int64_t left_ms() const;
  [[nodiscard]] std::int64_t length_ms(const Track& track) const;
  void play(std::span<std::int16_t> pcm);
  std::int64_t play_track(std::span<std::int16_t> pcm);
  void play_sound(const Sound& sound, std::span<std::int16_t> pcm);
  void fade_ends(std::span<std::int16_t> pcm, std::int64_t length) const;
  [[nodiscard]] bool wants_silence() const { return paused_ || stopping_ || jump_ms_ != 0; }
  bool go_on();
  void jump();
  void ramp(std::span<std::int16_t> pcm);
  [[nodiscard]] Resampler* resampler_from(unsigned rate);
  [[nodiscard]] std::size_t samples(std::int64_t ms) const {
    return static_cast<std::size_t>(ms) * rate_ / 1000;
  }
  [[nodiscard]] std::int64_t milliseconds(std::span<const std::int16_t> pcm) const {
    return static_cast<std::int64_t>(pcm.size() * 1000 / rate_);
  }

  std::vector<Track> tracks_;
  PlaySettings settings_;
  unsigned rate_;
  std::shared_ptr<PlayProgress> progress_;
  std::vector<Resampler> resamplers_;      // one for each other rate in the list
  std::vector<std::int16_t> unresampled_;  // a part of a sound at its own rate
  std::size_t track_ = 0;
  unsigned passes_ = 0;         // through the list, that are complete
  std::int64_t before_ms_ = 0;  // what the tracks before this one lasted in this pass
  std::int64_t at_ms_ = 0;      // into the track
  std::int64_t level_ms_ = 0;   // of the ramp: 0 is silence, 5 is all
  std::int64_t jump_ms_ = 0;    // waits until the ramp is at silence
  bool paused_ = false;
  bool stopping_ = false;
  bool over_ = false;
  bool fresh_ = true;  // nothing was read yet
};

}  // namespace switchroom::media
