#include "media/engine/mixer.hpp"

#include "media/dsp/level.hpp"
#include "media/dsp/limiter.hpp"
#include "media/dsp/talker.hpp"

#include <algorithm>
#include <array>

namespace switchroom::media {
namespace {

constexpr std::size_t longest_frame = 960;  // 20 ms at 48 kHz
/// What a member says while it hears something ten times as loud (20 dB) may be its echo of that.
constexpr unsigned echo_share = 10;
constexpr unsigned echo_fade = 8;  // what was heard counts for some 150 ms: 7/8 of it in the next frame
constexpr int noise_peak = 14;     // of comfort noise: about -72 dB of full scale

}  // namespace

/// What hears the same groups: one sum for all who say nothing themselves.
struct Mixer::Hearers {
  std::uint32_t hears = 0;
  std::size_t members = 0;  // 0: free
  bool silent = true;
  unsigned loudness = 0;  // energy of what it hears, fading
  std::vector<std::int32_t> sum;
  std::vector<std::int16_t> shared;
  std::vector<std::int16_t> before;
  Limiter limiter;
};

struct Mixer::Seat {
  bool taken = false;
  MixRole role;
  std::uint32_t groups = 0;  // that it speaks in; role.speaks, but a voice ends where it began
  TalkDetector talker;
  AutoGain auto_gain;
  Gain gain;         // of what it says
  Gain listen_gain;  // of what it hears
  unsigned energy = 0;
  bool was_put = false;    // in this beat
  bool passes = false;     // what was put
  bool has_voice = false;  // in this beat, behind the gate
  bool had_voice = false;  // in the last one
  Audience audience = 0;
  bool own_sum = false;   // in the present frame: its own voice is in its audience's sum
  std::int16_t last = 0;  // sample that was said
  Limiter limiter;
  std::vector<std::int16_t> said;
  std::vector<std::int16_t> heard;
};

Mixer::Mixer(unsigned rate, bool comfort_noise)
    : rate_(rate), frame_(rate / 50), ramp_(rate / 200), comfort_noise_(comfort_noise) {}
Mixer::~Mixer() = default;

// -- members -----------------------------------------------------------------------------------------

Mixer::Member Mixer::join(const MixRole& role) {
  // One that left is free as soon as its last words have ended.
  auto free = std::ranges::find_if(seats_, [](const Seat& seat) { return !seat.taken && !seat.had_voice; });
  if (free == seats_.end()) {
    seats_.emplace_back();
    free = seats_.end() - 1;
    speakers_.reserve(seats_.capacity());
  }
  Seat fresh;
  fresh.said.swap(free->said);  // their memory
  fresh.heard.swap(free->heard);
  *free = std::move(fresh);
  free->taken = true;
  free->said.resize(frame_);
  free->heard.assign(frame_, 0);
  free->role = role;
  free->groups = role.speaks;
  free->gain.change(role.gain_db);
  free->listen_gain.change(role.listen_db);
  take_audience(*free);
  ++count_;
  return static_cast<Member>(free - seats_.begin());
}

void Mixer::change(Member member, const MixRole& role) {
  Seat& seat = seats_[member];
  const bool moves = role.hears != seat.role.hears;
  if (moves) {
    release_audience(seat);
  }
  seat.role = role;
  seat.listen_gain.change(role.listen_db);
  if (moves) {
    take_audience(seat);
  }
}

void Mixer::take_audience(Seat& seat) {
  auto found = std::ranges::find_if(
      audiences_, [&](const Hearers& one) { return one.members > 0 && one.hears == seat.role.hears; });
  if (found == audiences_.end()) {
    found = std::ranges::find(audiences_, std::size_t{0}, &Hearers::members);
  }
  if (found == audiences_.end()) {
    audiences_.emplace_back();
    found = audiences_.end() - 1;
  }
  if (found->members++ == 0) {
    *found = {.hears = seat.role.hears, .members = 1};
    found->sum.assign(frame_, 0);
    found->shared.assign(frame_, 0);
    found->before.assign(frame_, 0);
  }
  seat.audience = static_cast<Audience>(found - audiences_.begin());
  seat.own_sum = false;
}

void Mixer::release_audience(Seat& seat) { --audiences_[seat.audience].members; }

void Mixer::leave(Member member) {
  Seat& seat = seats_[member];
  release_audience(seat);
  seat.taken = false;
  seat.was_put = false;
  --count_;
}

// -- what is said ------------------------------------------------------------------------------------

bool Mixer::hear(Member member, unsigned energy) {
  Seat& seat = seats_[member];
  seat.was_put = true;
  seat.energy = energy;
  unsigned level = seat.role.energy_level;
  if (level != 0 && !seat.talker.open() && !seat.role.ungated) {
    level = std::max(level, audiences_[seat.audience].loudness / echo_share);
  }
  seat.talker.hear(energy, level);
  const float factor = seat.auto_gain.hear(energy, seat.role.auto_gain, seat.talker.loud());
  seat.passes =
      (seat.talker.open() || seat.role.ungated) && seat.groups == seat.role.speaks && seat.groups != 0;
  if (!seat.passes && !seat.had_voice) {
    return false;
  }
  seat.gain.change_factor(factor * gain_of_db(seat.role.gain_db));
  return true;
}

void Mixer::put(Member member, std::span<const std::int16_t> pcm) {
  if (hear(member, mean_amplitude(pcm))) {
    say(member, pcm);
  }
}

void Mixer::say(Member member, std::span<const std::int16_t> pcm) {
  Seat& seat = seats_[member];
  std::ranges::copy(pcm.first(std::min(pcm.size(), frame_)), seat.said.begin());
  seat.gain.apply(seat.said);
  if (!seat.had_voice) {
    ramp(std::span(seat.said).first(ramp_), 0, 1);
  }
  if (!seat.passes) {  // the gate closes, or it speaks to others from here on
    ramp(std::span(seat.said).first(ramp_), 1, 0);
    std::fill(seat.said.begin() + static_cast<std::ptrdiff_t>(ramp_), seat.said.end(), std::int16_t{0});
  }
  seat.last = seat.said.back();
  seat.has_voice = seat.passes;
  speakers_.push_back(member);
}

/// A voice that stopped without a word: the rest of a ramp from its last sample.
void Mixer::finish_voice(Seat& seat) {
  std::ranges::fill(seat.said, std::int16_t{0});
  for (std::size_t i = 0; i < ramp_; ++i) {
    seat.said[i] =
        static_cast<std::int16_t>(seat.last * static_cast<int>(ramp_ - i) / static_cast<int>(ramp_));
  }
}

/// Comfort noise: white, from a generator of two instructions.
void Mixer::make_noise(std::span<std::int32_t> sum) {
  for (std::int32_t& sample : sum) {
    noise_ = noise_ * 1664525U + 1013904223U;
    sample = static_cast<std::int32_t>(noise_ >> 24U) * noise_peak / 128 - noise_peak;
  }
}

void Mixer::add_up() {
  for (Hearers& audience : audiences_) {
    if (audience.members == 0) {
      continue;
    }
    if (comfort_noise_ && audience.hears != 0) {
      make_noise(audience.sum);
    } else {
      std::ranges::fill(audience.sum, 0);
    }
    audience.silent = !comfort_noise_ || audience.hears == 0;
    audience.shared.swap(audience.before);
    unsigned loudness = 0;
    for (const Member member : speakers_) {
      const Seat& seat = seats_[member];
      if ((audience.hears & seat.groups) == 0) {
        continue;
      }
      audience.silent = false;
      loudness += seat.energy;
      for (std::size_t i = 0; i < frame_; ++i) {
        audience.sum[i] += seat.said[i];
      }
    }
    audience.limiter.apply(audience.sum, audience.shared);
    audience.loudness = std::max(loudness, audience.loudness - audience.loudness / echo_fade);
  }
}

void Mixer::mix() {
  for (Member member = 0; member < seats_.size(); ++member) {
    Seat& seat = seats_[member];
    seat.own_sum = false;
    if (!seat.was_put) {
      if (seat.had_voice) {
        finish_voice(seat);
        speakers_.push_back(member);
      }
      if (seat.taken && seat.role.is_heard()) {
        seat.energy = 0;
        seat.talker.hear(0, seat.role.energy_level);
      } else {
        seat.talker = {};  // muted: it does not talk
      }
    }
  }
  add_up();
  std::array<std::int32_t, longest_frame> others;
  for (const Member member : speakers_) {
    Seat& seat = seats_[member];
    const Hearers& audience = audiences_[seat.audience];
    if (!seat.taken || (audience.hears & seat.groups) == 0) {
      continue;
    }
    seat.own_sum = true;
    for (std::size_t i = 0; i < frame_; ++i) {
      others[i] = audience.sum[i] - seat.said[i];
    }
    if (!seat.had_voice) {
      seat.limiter.follow(audience.limiter);
    }
    seat.limiter.apply(std::span(others).first(frame_), seat.heard);
  }
  end_beat();
}

void Mixer::end_beat() {
  for (const Member member : speakers_) {
    Seat& seat = seats_[member];
    seat.had_voice = seat.has_voice;
    seat.has_voice = false;
  }
  speakers_.clear();
  for (Seat& seat : seats_) {
    seat.was_put = false;
    if (!seat.had_voice) {
      seat.groups = seat.role.speaks;
    }
    if (seat.taken && seat.listen_gain.changes_anything()) {
      if (!seat.own_sum) {
        std::ranges::copy(audiences_[seat.audience].shared, seat.heard.begin());
      }
      seat.own_sum = true;
      seat.listen_gain.apply(seat.heard);
    }
  }
}

// -- what is heard -----------------------------------------------------------------------------------

std::span<const std::int16_t> Mixer::output(Member member) const {
  const Seat& seat = seats_[member];
  return seat.own_sum ? seat.heard : audiences_[seat.audience].shared;
}

bool Mixer::hears_shared(Member member) const { return !seats_[member].own_sum; }
Mixer::Audience Mixer::audience(Member member) const { return seats_[member].audience; }
std::span<const std::int16_t> Mixer::shared(Audience audience) const { return audiences_[audience].shared; }
std::span<const std::int16_t> Mixer::shared_before(Audience audience) const {
  return audiences_[audience].before;
}
bool Mixer::is_silent(Audience audience) const { return audiences_[audience].silent; }
bool Mixer::talking(Member member) const {
  const Seat& seat = seats_[member];
  return seat.role.energy_level != 0 && seat.talker.talking();
}
unsigned Mixer::energy(Member member) const { return seats_[member].energy; }

}  // namespace switchroom::media
