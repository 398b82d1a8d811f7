#include "media/jitter/delay_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchroom::media {
namespace {

constexpr double nothing = std::numeric_limits<double>::max();
constexpr double another_clock = 1000;  // ms

}  // namespace

void DelayEstimator::reset() { *this = {}; }

double DelayEstimator::on_packet(double arrival_ms, double media_ms) {
  const double transit = arrival_ms - media_ms;
  fresh_ = !started_ || std::fabs(transit - base_) > another_clock;
  if (fresh_) {
    reset();
    started_ = true;
    fresh_ = true;
    second_ = static_cast<std::int64_t>(arrival_ms / 1000);
    smallest_.fill(nothing);
  }
  follow_base(arrival_ms, transit);
  const double delay = std::max(0.0, transit - base_);
  count(delay);
  return delay;
}

void DelayEstimator::follow_base(double arrival_ms, double transit) {
  const auto now = static_cast<std::int64_t>(arrival_ms / 1000);
  // After a pause longer than the memory the last second that is known stays: the clocks are what they were.
  for (std::int64_t n = std::min<std::int64_t>(now - second_, seconds - 1); n > 0; --n) {
    std::rotate(smallest_.begin(), smallest_.end() - 1, smallest_.end());
    smallest_.front() = nothing;
  }
  second_ = std::max(second_, now);
  smallest_.front() = std::min(smallest_.front(), transit);
  base_ = *std::ranges::min_element(smallest_);
}

void DelayEstimator::count(double delay) {
  const auto bin = static_cast<std::uint16_t>(std::min(delay, static_cast<double>(bins - 1)));
  if (count_ == remembered) {
    --histogram_[delays_[at_]];
  } else {
    ++count_;
  }
  delays_[at_] = bin;
  at_ = (at_ + 1) % remembered;
  ++histogram_[bin];
  largest_ = std::max<std::size_t>(largest_, bin);
  while (histogram_[largest_] == 0) {  // that of `bin` is not
    --largest_;
  }
  // One in fifty, and while few are known the largest.
  std::size_t above = count_ / 50;
  std::size_t top = largest_;
  while (top > 0 && histogram_[top] <= above) {
    above -= histogram_[top];
    --top;
  }
  usual_ = static_cast<double>(top) + (top > 0 ? 1 : 0);
}

}  // namespace switchroom::media
