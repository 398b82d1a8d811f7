// When somebody is told that a cap is near.
#pragma once

#include "base/clock.hpp"
#include "tolls/ledger.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

namespace switchroom::tolls {

enum class Level : std::uint8_t { fine, near, reached };

/// `used` of `cap` (0: none), with `warn_at` in percent of it.
Level level(std::uint64_t used, std::uint64_t cap, std::uint32_t warn_at);

/// Remembers who was warned. One thread; the clock is passed in.
class Warnings {
 public:
  /// Is there something new to say? Of each subject and measure ("calls", "talk") once an hour that it is
  /// near, and once that it is reached; what falls below may come near again.
  bool is_due(const Subject& subject, std::string_view measure, Level level, base::Time now);
  void forget(const Subject& subject);

 private:
  struct Told {
    Level level = Level::fine;
    base::Time when;
  };
  std::map<std::pair<Subject, std::string_view>, Told> told_;  // measures are literals
};

}  // namespace switchroom::tolls
