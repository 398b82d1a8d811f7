#include "media/engine/ear.hpp"

namespace switchroom::media {

Ear::Ear(unsigned rate) : rate_(rate), playout_(std::make_unique<Playout>(Playout::Settings{.rate = rate})) {}

void Ear::change_rate(unsigned rate) {
  if (rate == rate_) {
    return;
  }
  before_ = statistics();
  rate_ = rate;
  playout_ = std::make_unique<Playout>(Playout::Settings{.rate = rate});
  if (detector_ != nullptr) {
    detector_ = std::make_unique<KeyDetector>(rate);
  }
}

void Ear::detect_keys(bool on) {
  if (on != (detector_ != nullptr)) {
    detector_ = on ? std::make_unique<KeyDetector>(rate_) : nullptr;
    keys_ = {};
  }
}

void Ear::listen(base::Time now) {
  const auto pcm = std::span(frame_).first(rate_ / 50);
  heard_ = playout_->pull(pcm, now);
  if (detector_ != nullptr) {
    keys_ = detector_->hear(pcm);
  }
  gain_.apply(pcm);
}

PlayoutStatistics Ear::statistics() const {
  PlayoutStatistics sum = playout_->statistics();
  sum.add(before_);
  return sum;
}

}  // namespace switchroom::media
