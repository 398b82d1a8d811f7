#include "media/engine/key_presser.hpp"

#include "media/engine/beat_clock.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr unsigned pause_between = 3;  // beats
constexpr auto shortest_tone = BeatClock::beat * 4;
constexpr auto shortest_of_many = std::chrono::milliseconds(100);  // released before it began
constexpr std::size_t most_waiting = 128;

}  // namespace

void KeyPresser::press(char key, base::Duration length, Events events) {
  if (form() == Form::none) {
    begin({key, length}, events);
  } else if (waiting_.size() < most_waiting) {
    waiting_.push_back({key, length});
  }
}

void KeyPresser::release() {
  if (!waiting_.empty()) {
    waiting_.back().length = shortest_of_many;
  } else if (form() != Form::none && length_ == base::Duration::zero()) {
    length_ = BeatClock::beat;  // now, or as soon as a key may
  }
}

void KeyPresser::begin(const Press& press, Events events) {
  sender_.reset();
  tone_.reset();
  length_ = press.length;
  beats_ = pause_ = 0;
  over_ = false;
  if (events) {
    clock_rate_ = *events;
    sender_.emplace(clock_rate_);
    sender_->press(press.key);
  } else {
    tone_.emplace(ToneScript{.tones = {key_tone(press.key)}, .loops = 1}, tone_rate);
  }
}

std::optional<KeySender::Packet> KeyPresser::next_packet() {
  if (over_) {
    return std::nullopt;
  }
  if (length_ > base::Duration::zero() && BeatClock::beat * (beats_ + 1) >= length_) {
    sender_->release();
  }
  const auto packet = sender_->next(BeatClock::beat);
  over_ = !sender_->busy();
  return packet;
}

void KeyPresser::read_tone(std::span<std::int16_t> pcm) {
  if (length_ > base::Duration::zero() &&
      BeatClock::beat * beats_ >= std::max<base::Duration>(length_, shortest_tone)) {
    tone_->stop();
  }
  const std::size_t made = over_ ? 0 : tone_->read(pcm);
  std::ranges::fill(pcm.subspan(made), std::int16_t{0});
  over_ = made < pcm.size();
}

std::optional<unsigned> KeyPresser::end_beat(Events events) {
  if (!over_) {
    ++beats_;
    return std::nullopt;
  }
  const bool just_now = pause_++ == 0;
  const unsigned beats = beats_ + 1;
  if (waiting_.empty()) {
    sender_.reset();
    tone_.reset();
  } else if (pause_ > pause_between) {
    begin(waiting_.front(), events);
    waiting_.pop_front();
  }
  return just_now ? std::optional(beats) : std::nullopt;
}

}  // namespace switchroom::media
