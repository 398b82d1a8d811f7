// How late packets are, against the fastest of them. Pure; private to jitter/.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace switchroom::media {

/// A packet's transit is its arrival minus its media time; nobody knows the clocks' difference, so delays
/// are told against the smallest transit of the last seconds, which follows a clock that drifts. All in
/// milliseconds.
class DelayEstimator {
 public:
  /// Returns the packet's delay, 0 or more. A transit a second off begins anew: `fresh()` then.
  double on_packet(double arrival_ms, double media_ms);
  /// Of the last 500 packets one in fifty was later than this.
  [[nodiscard]] double usual() const { return usual_; }
  [[nodiscard]] double base() const { return base_; }  // the smallest transit
  [[nodiscard]] bool fresh() const { return fresh_; }  // the last packet began anew
  void reset();

 private:
  void follow_base(double arrival_ms, double transit);
  void count(double delay);

  static constexpr std::size_t seconds = 6;
  static constexpr std::size_t remembered = 500;  // packets
  static constexpr std::size_t bins = 512;        // of a millisecond
  bool started_ = false;
  bool fresh_ = false;
  double base_ = 0;
  double usual_ = 0;
  std::int64_t second_ = 0;
  std::array<double, seconds> smallest_{};
  std::array<std::uint16_t, remembered> delays_{};
  std::array<std::uint16_t, bins> histogram_{};
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  std::size_t largest_ = 0;  // no bin behind it counts any
};

}  // namespace switchroom::media
