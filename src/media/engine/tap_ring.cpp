#include "media/engine/tap_ring.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::media {
namespace {

constexpr unsigned frames_per_second = 50;  // of 20 ms

}  // namespace

TapRing::TapRing(const TapSettings& settings)
    : settings_(settings),
      frame_(settings.rate / frames_per_second),
      frames_(std::size_t{std::max(settings.seconds, 1U)} * frames_per_second),
      samples_(frames_ * frame_ * 2),
      beats_(frames_) {}

TapRing::Slot TapRing::slot(std::uint64_t number) {
  const auto both = std::span(samples_).subspan(number % frames_ * frame_ * 2, frame_ * 2);
  return {both.first(frame_), both.last(frame_)};
}

std::optional<TapRing::Slot> TapRing::reserve() {
  const std::uint64_t next = written_.load(std::memory_order_relaxed);
  // Acquire: the reader has copied the frame that stood here before.
  if (next - read_.load(std::memory_order_acquire) == frames_) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  beats_[next % frames_] = next + lost_.load(std::memory_order_relaxed);
  return slot(next);
}

void TapRing::publish() {
  // Release: the frame's samples are there before its number is.
  written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void TapRing::finish() { finished_.store(true, std::memory_order_release); }

std::size_t TapRing::read(std::span<std::int16_t> received, std::span<std::int16_t> sent) {
  const std::uint64_t next = read_.load(std::memory_order_relaxed);
  if (written_.load(std::memory_order_acquire) == next) {
    return 0;
  }
  const Slot frame = slot(next);
  if (!received.empty()) {
    std::ranges::copy(frame.received, received.begin());
  }
  if (!sent.empty()) {
    std::ranges::copy(frame.sent, sent.begin());
  }
  position_ = beats_[next % frames_] + 1;
  read_.store(next + 1, std::memory_order_release);
  return frame_;
}

std::uint64_t TapRing::now_ms() const {
  return (written_.load(std::memory_order_acquire) + lost_.load(std::memory_order_relaxed)) * frame_ms;
}

std::uint64_t TapRing::lost_ms() const { return lost_.load(std::memory_order_relaxed) * frame_ms; }

bool TapRing::over() const {
  // In this order: what was written before the end is seen with it.
  return finished_.load(std::memory_order_acquire) &&
         read_.load(std::memory_order_relaxed) == written_.load(std::memory_order_acquire);
}

TapWriter::TapWriter(std::shared_ptr<TapRing> ring)
    : ring_(std::move(ring)),
      received_{ring_->settings().received, std::nullopt},
      sent_{ring_->settings().sent, std::nullopt} {}

TapWriter::~TapWriter() {
  if (ring_ != nullptr) {  // not moved from
    ring_->finish();
  }
}

void TapWriter::write(std::span<const std::int16_t> received, std::span<const std::int16_t> sent) {
  if (const auto slot = ring_->reserve()) {
    convert(received_, received, slot->received);
    convert(sent_, sent, slot->sent);
    ring_->publish();
  }
}

void TapWriter::convert(Direction& direction, std::span<const std::int16_t> in, std::span<std::int16_t> out) {
  if (!direction.wanted || in.empty()) {
    std::ranges::fill(out, std::int16_t{0});
    return;
  }
  if (in.size() == out.size()) {
    std::ranges::copy(in, out.begin());
    return;
  }
  const auto from = static_cast<unsigned>(in.size() * frames_per_second);
  if (!direction.resampler || direction.resampler->from() != from) {
    direction.resampler.emplace(from, static_cast<unsigned>(out.size() * frames_per_second));
  }
  direction.resampler->convert(in, out);
}

}  // namespace switchroom::media
