#include "media/engine/player.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchroom::media {
namespace {

constexpr std::int64_t ramp_ms = 5;
constexpr std::int64_t piece_ms = 20;     // of a track, that is made at once
constexpr std::int64_t resampled_ms = 2;  // what a resampler holds back, and gives after a sound's end

template <class T>
const T* as(const PlayItem& item) {
  return std::get_if<T>(&item);
}

}  // namespace

Player::Player(PlayList list, const PlaySettings& settings, unsigned rate,
               std::shared_ptr<PlayProgress> progress)
    : settings_(settings), rate_(rate), progress_(std::move(progress)) {
  tracks_.reserve(list.size());
  for (PlayItem& item : list) {
    const bool silent = as<ToneScript>(item) == nullptr && as<Silence>(item) == nullptr;
    if (!silent || (sound_of(item) != nullptr && !sound_of(item)->samples.empty())) {
      tracks_.push_back({std::move(item), {}, {}});
    }
  }
  prepare();
  over_ = tracks_.empty();
}

void Player::change_rate(unsigned rate) {
  if (rate == rate_) {
    return;
  }
  rate_ = rate;
  level_ms_ = 0;
  prepare();
}

void Player::prepare() {
  resamplers_.clear();
  for (Track& track : tracks_) {
    if (const auto* const tone = as<ToneScript>(track.item)) {
      track.fresh.emplace(*tone, rate_);
      track.running = track.fresh;
    } else if (const Sound* const sound = sound_of(track.item)) {
      const unsigned from = sound->rate;
      if (from != rate_ && resampler_from(from) == nullptr) {
        resamplers_.emplace_back(from, rate_);
        unresampled_.resize(std::max<std::size_t>(unresampled_.size(), from * piece_ms / 1000));
      }
    }
  }
}

Resampler* Player::resampler_from(unsigned rate) {
  const auto found = std::ranges::find(resamplers_, rate, &Resampler::from);
  return found == resamplers_.end() ? nullptr : &*found;
}

bool Player::read(std::span<std::int16_t> pcm) {
  if (std::exchange(fresh_, false)) {
    join_stream();
  }
  for (std::span<std::int16_t> rest = pcm; !rest.empty();) {
    if (over_ || (level_ms_ == 0 && wants_silence() && !go_on())) {
      std::ranges::fill(rest, std::int16_t{0});
      break;
    }
    const std::int64_t ramp_left = wants_silence() ? level_ms_ : ramp_ms - level_ms_;
    const auto piece = rest.first(std::min(rest.size(), samples(ramp_left == 0 ? piece_ms : ramp_left)));
    play(piece);
    ramp(piece);
    rest = rest.subspan(piece.size());
  }
  over_ = over_ || (stopping_ && level_ms_ == 0);
  progress_->position_ms.store(before_ms_ + at_ms_, std::memory_order_relaxed);
  return std::ranges::any_of(pcm, [](std::int16_t sample) { return sample != 0; });
}

/// At silence: does what was waiting for it. False: nothing sounds for now.
bool Player::go_on() {
  over_ = stopping_;
  jump();
  return !over_ && !paused_;
}

void Player::jump() {
  const std::int64_t to = std::max<std::int64_t>(at_ms_ + std::exchange(jump_ms_, 0), 0);
  const PlayItem& item = tracks_[track_].item;
  if (as<SharedStream>(item) != nullptr) {
    join_stream();  // after a pause too it is where all others are
  } else if (const Sound* const sound = sound_of(item)) {
    at_ms_ = std::min(to, length_ms(tracks_[track_]));
    if (Resampler* const resampler = resampler_from(sound->rate)) {
      resampler->reset();
    }
  } else if (const auto* const silence = as<Silence>(item)) {
    at_ms_ = silence->length == base::Duration::zero() ? to : std::min(to, at_ms_ + left_ms());
  }
}

/// The ramp's way up or down, or neither, by as much as `pcm` lasts.
void Player::ramp(std::span<std::int16_t> pcm) {
  const std::int64_t to = wants_silence() ? std::max<std::int64_t>(level_ms_ - milliseconds(pcm), 0)
                                          : std::min(level_ms_ + milliseconds(pcm), ramp_ms);
  if (to != ramp_ms || level_ms_ != ramp_ms) {
    const auto length = static_cast<std::int64_t>(samples(ramp_ms));
    std::int64_t level = static_cast<std::int64_t>(samples(level_ms_));
    const int step = to > level_ms_ ? 1 : -1;
    for (std::int16_t& sample : pcm) {
      sample = static_cast<std::int16_t>(sample * level / length);
      level += step;
    }
  }
  level_ms_ = to;
}

void Player::play(std::span<std::int16_t> pcm) {
  while (!over_) {
    if (left_ms() == 0) {
      over_ = !next_track();
      continue;
    }
    if (pcm.empty()) {
      return;  // and not earlier: whether that was the end is known at once
    }
    const std::int64_t wanted = std::min({left_ms(), milliseconds(pcm), piece_ms});
    const std::int64_t played = play_track(pcm.first(samples(wanted)));
    at_ms_ += played;
    pcm = pcm.subspan(samples(played));
  }
  std::ranges::fill(pcm, std::int16_t{0});
}

bool Player::next_track() {
  if (as<SharedStream>(tracks_[track_].item) != nullptr) {
    begin_track();  // round again
    at_ms_ = 0;
    return true;
  }
  before_ms_ += at_ms_;
  if (++track_ == tracks_.size()) {
    ++passes_;
    track_ = 0;
    // A list of nothing, for ever, would never let go of the thread.
    if (passes_ == settings_.loops || before_ms_ == 0) {
      at_ms_ = 0;
      return false;
    }
    before_ms_ = 0;
  }
  begin_track();
  return true;
}

void Player::begin_track() {
  Track& track = tracks_[track_];
  at_ms_ = 0;
  track.running = track.fresh;
  track.ended = false;
  if (const Sound* const sound = sound_of(track.item)) {
    if (Resampler* const resampler = resampler_from(sound->rate)) {
      resampler->reset();
    }
  }
  join_stream();
}

/// A stream is as old as the clock.
void Player::join_stream() {
  const auto* const stream = tracks_.empty() ? nullptr : as<SharedStream>(tracks_[track_].item);
  if (stream != nullptr) {
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(base::Clock::now().time_since_epoch()).count();
    at_ms_ = age % length_ms(tracks_[track_]);
  }
}

/// Of a track that has sound.
std::int64_t Player::length_ms(const Track& track) const {
  const Sound& sound = *sound_of(track.item);
  if (as<SharedStream>(track.item) != nullptr) {
    // The same for listeners at any rate, or they would not agree where it is.
    return std::max<std::int64_t>(static_cast<std::int64_t>(sound.samples.size() * 1000 / sound.rate), 1);
  }
  const auto whole = static_cast<std::int64_t>((sound.samples.size() * 1000 + sound.rate - 1) / sound.rate);
  return whole + (sound.rate == rate_ || whole == 0 ? 0 : resampled_ms);
}

std::int64_t Player::left_ms() const {
  const Track& track = tracks_[track_];
  if (sound_of(track.item) != nullptr) {
    return std::max<std::int64_t>(length_ms(track) - at_ms_, 0);
  }
  if (const auto* const silence = as<Silence>(track.item)) {
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(silence->length).count();
    return silence->length == base::Duration::zero() ? piece_ms : std::max<std::int64_t>(length - at_ms_, 0);
  }
  return track.ended ? 0 : piece_ms;
}

/// Returns how much of `pcm` is filled: less where the track is a tone that ends.
std::int64_t Player::play_track(std::span<std::int16_t> pcm) {
  Track& track = tracks_[track_];
  if (const Sound* const sound = sound_of(track.item)) {
    play_sound(*sound, pcm);
    return milliseconds(pcm);
  }
  const std::size_t sounding = track.running ? track.running->read(pcm) : 0;
  std::ranges::fill(pcm.subspan(sounding), std::int16_t{0});
  track.ended = track.running && sounding < pcm.size();
  return track.ended ? static_cast<std::int64_t>((sounding * 1000 + rate_ - 1) / rate_) : milliseconds(pcm);
}

void Player::play_sound(const Sound& sound, std::span<std::int16_t> pcm) {
  const auto take = [&](std::span<std::int16_t> out) {
    const std::size_t from =
        std::min(static_cast<std::size_t>(at_ms_) * sound.rate / 1000, sound.samples.size());
    const auto rest = std::span(sound.samples).subspan(from);
    const auto copied = rest.first(std::min(rest.size(), out.size()));
    std::ranges::fill(std::ranges::copy(copied, out.begin()).out, out.end(), std::int16_t{0});
  };
  if (Resampler* const resampler = resampler_from(sound.rate)) {
    const auto in = std::span(unresampled_).first(pcm.size() * sound.rate / rate_);
    take(in);
    resampler->convert(in, pcm);
  } else {
    take(pcm);
  }
  fade_ends(pcm, length_ms(tracks_[track_]));
}

/// A sound's first and last milliseconds: `pcm` begins at at_ms_ of `length`.
void Player::fade_ends(std::span<std::int16_t> pcm, std::int64_t length) const {
  const std::size_t ramp = samples(ramp_ms);
  const std::size_t begin = samples(at_ms_);
  const std::size_t end = samples(length);
  if (begin >= ramp && begin + pcm.size() + ramp <= end) {
    return;
  }
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    const std::size_t level = std::min({begin + i, end - (begin + i), ramp});
    pcm[i] = static_cast<std::int16_t>(pcm[i] * static_cast<std::int64_t>(level) /
                                       static_cast<std::int64_t>(ramp));
  }
}

}  // namespace switchroom::media
