// Many voices to many listeners, each without its own: the arithmetic of a mix, 20 ms at a time.
#pragma once

#include "media/engine.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace switchroom::media {

/// At each beat: put() for each member who has sound, then mix(), then output() for each member. Pure: no
/// socket, no clock, no thread of its own; a mix's media thread owns it. It allocates when members come or
/// change their role, not at a beat.
///
/// A sum is made once for each distinct `hears` among the members (an audience). Who says something itself
/// gets that sum less its own voice; all others share one frame, so a beat costs O(members who speak),
/// whatever the number of those who listen. Noise below a member's energy level is left out, and so is what
/// may be the echo of what it hears. What begins, ends or changes does so within a ramp, and sums that are
/// too loud are limited, not clipped.
class Mixer {
 public:
  using Member = std::size_t;    // a seat's number, used again after leave()
  using Audience = std::size_t;  // likewise

  explicit Mixer(unsigned rate, bool comfort_noise = false);
  ~Mixer();
  Mixer(const Mixer&) = delete;
  Mixer& operator=(const Mixer&) = delete;

  [[nodiscard]] unsigned rate() const { return rate_; }
  [[nodiscard]] std::size_t frame_size() const { return frame_; }  // samples of 20 ms
  [[nodiscard]] std::size_t members() const { return count_; }

  Member join(const MixRole& role);
  void change(Member member, const MixRole& role);
  void leave(Member member);

  /// What the member says in this beat: frame_size() samples at rate(), copied. Whoever is not put is silent.
  void put(Member member, std::span<const std::int16_t> pcm);
  /// The same in two steps, for who need not make the samples when they are not wanted: their energy
  /// (mean_amplitude, at any rate), and, when that is true, the samples.
  bool hear(Member member, unsigned energy);
  void say(Member member, std::span<const std::int16_t> pcm);
  void mix();

  // Until the next mix().
  /// What the member hears.
  [[nodiscard]] std::span<const std::int16_t> output(Member member) const;
  /// Whether that is what all of its audience hear who say nothing themselves, so that one encoding serves.
  [[nodiscard]] bool hears_shared(Member member) const;
  [[nodiscard]] Audience audience(Member member) const;
  [[nodiscard]] std::span<const std::int16_t> shared(Audience audience) const;
  /// That of the beat before.
  [[nodiscard]] std::span<const std::int16_t> shared_before(Audience audience) const;
  [[nodiscard]] bool is_silent(Audience audience) const;  // nobody spoke, and there is no comfort noise
  [[nodiscard]] bool talking(Member member) const;
  [[nodiscard]] unsigned energy(Member member) const;  // of the last frame that was put

 private:
  struct Seat;
  struct Hearers;

  void finish_voice(Seat& seat);
  void add_up();
  void take_audience(Seat& seat);
  void release_audience(Seat& seat);
  void end_beat();
  void make_noise(std::span<std::int32_t> sum);

  unsigned rate_;
  std::size_t frame_;
  std::size_t ramp_;  // samples of 5 ms
  bool comfort_noise_;
  std::uint32_t noise_ = 1;
  std::size_t count_ = 0;
  std::vector<Seat> seats_;
  std::vector<Hearers> audiences_;
  std::vector<Member> speakers_;  // of this beat; room for all of them
};

}  // namespace switchroom::media
