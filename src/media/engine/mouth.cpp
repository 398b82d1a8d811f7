#include "media/engine/mouth.hpp"

#include <algorithm>
#include <cmath>

namespace switchroom::media {
namespace {

constexpr unsigned noise_every = 10;  // beats between two descriptions of the same silence
constexpr unsigned speech_tail = 10;  // beats of silence that are sent as sound before it is described

}  // namespace

void Mouth::agree(const CodecSettings& settings, std::uint32_t clock_rate, bool comfort_noise) {
  comfort_noise_ = comfort_noise;
  if (encoder_ != nullptr && codes_like(settings)) {
    return;
  }
  settings_ = settings;
  clock_rate_ = clock_rate;
  encoder_ = make_encoder(settings);
  packet_ = std::size_t{rate()} * settings.ptime / 1000;
  gathered_.clear();
  gathered_.reserve(packet_ + 2 * frame_.size());
  taken_ = 0;
  resampler_.reset();
}

bool Mouth::codes_like(const CodecSettings& settings) const {
  return settings.codec == settings_.codec && settings.rate == settings_.rate &&
         settings.peer_fmtp == settings_.peer_fmtp && settings.ptime == settings_.ptime;
}

void Mouth::bring_to_rate(std::span<const std::int16_t> pcm) {
  const auto frame = std::span(frame_).first(rate() / 50);
  const auto from = static_cast<unsigned>(pcm.size() * 50);
  if (from == rate()) {
    std::ranges::copy(pcm, frame.begin());
    return;
  }
  if (!resampler_ || resampler_->from() != from) {
    resampler_.emplace(from, rate());
  }
  resampler_->convert(pcm, frame);
}

/// The old source's last sample sinks to nothing and the new source rises, within 5 ms: no click.
void Mouth::join_sources(unsigned source) {
  if (source == source_) {
    return;
  }
  source_ = source;
  const std::size_t length = rate() / 200;
  ramp(std::span(frame_).first(length), 0, 1);
  for (std::size_t i = 0; i < length; ++i) {
    const float left = 1 - static_cast<float>(i + 1) / static_cast<float>(length);
    const float sum = static_cast<float>(frame_[i]) + left * static_cast<float>(last_);
    frame_[i] = static_cast<std::int16_t>(std::lround(std::clamp(sum, -32768.0F, 32767.0F)));
  }
}

void Mouth::drop_rest() {
  gathered_.clear();
  taken_ = 0;
}

void Mouth::prime(std::span<const std::int16_t> before) {
  if (!before.empty()) {
    bring_to_rate(before);
  }
}

void Mouth::continue_from(const Mouth& other, std::span<const std::int16_t> before, unsigned source) {
  drop_rest();
  prime(before);
  if (codes_like(other.settings_)) {
    encoder_->continue_from(*other.encoder_);
  }
  last_ = other.last_;
  source_ = source;
  silent_beats_ = other.silent_beats_;
}

void Mouth::say(std::span<const std::int16_t> pcm, unsigned source, bool silent) {
  bring_to_rate(pcm);
  const auto frame = std::span(frame_).first(rate() / 50);
  gain_.apply(frame);
  join_sources(source);
  last_ = frame.back();
  silent_ = silent;
  silent_beats_ = silent ? silent_beats_ + 1 : 0;
  gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  gathered_.insert(gathered_.end(), frame.begin(), frame.end());
}

std::optional<Mouth::Packet> Mouth::next() {
  if (gathered_.size() - taken_ < packet_) {
    return std::nullopt;
  }
  const auto pcm = std::span(gathered_).subspan(taken_, packet_);
  taken_ += packet_;
  if (comfort_noise_ && silent_beats_ > speech_tail) {
    // Silence is described now and then, and not sent.
    const bool due = (silent_beats_ - speech_tail) % noise_every == 1;
    const std::size_t size =
        due ? write_comfort_noise(pcm, std::span(payload_).first<max_noise_payload>()) : 0;
    return Packet{std::span(payload_).first(size), units(packet_), true};
  }
  const std::size_t size = encoder_->encode(pcm, payload_);
  return Packet{std::span(payload_).first(size), units(packet_), false};
}

}  // namespace switchroom::media
