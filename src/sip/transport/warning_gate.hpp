// At most one log line a second of a kind, however many strangers provoke it.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace switchroom::sip {

/// One for each kind of line. Call thread.
class WarningGate {
 public:
  explicit WarningGate(base::Duration interval = std::chrono::seconds(1)) : interval_(interval) {}

  /// How many were suppressed since the last line, when this one may be written; else nullopt.
  std::optional<std::uint64_t> pass(base::Time now) {
    if (now < next_) {
      ++suppressed_;
      return std::nullopt;
    }
    next_ = now + interval_;
    const auto suppressed = suppressed_;
    suppressed_ = 0;
    return suppressed;
  }

 private:
  base::Duration interval_;
  base::Time next_{};
  std::uint64_t suppressed_ = 0;
};

}  // namespace switchroom::sip
