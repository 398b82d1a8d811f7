// Whether a trunk that is asked by OPTIONS counts as there. No I/O.
#pragma once

#include <cstdint>

namespace switchroom::sip {

/// Down after so many misses in a row, up after so many answers in a row. It begins as up: a call that comes
/// before the first answer is worth a try.
class PingCounter {
 public:
  PingCounter(std::uint32_t misses, std::uint32_t answers) : most_misses_(misses), enough_answers_(answers) {}

  /// True when this changed whether it is up.
  bool on_answer() {
    ++answered_;
    misses_ = 0;
    ++answers_;
    const bool was_up = up_;
    up_ = up_ || answers_ >= enough_answers_;
    return up_ != was_up;
  }
  bool on_miss() {
    ++missed_;
    answers_ = 0;
    ++misses_;
    const bool was_up = up_;
    up_ = up_ && misses_ < most_misses_;
    return up_ != was_up;
  }

  /// Any final answer is a sign of life but two: 503 says that it takes no calls, 408 that nobody behind it
  /// answered.
  static bool is_alive(int status) { return status >= 200 && status != 408 && status != 503; }

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] std::uint32_t misses_in_a_row() const { return misses_; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  std::uint32_t most_misses_;
  std::uint32_t enough_answers_;
  std::uint32_t misses_ = 0;
  std::uint32_t answers_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t missed_ = 0;
  bool up_ = true;
};

}  // namespace switchroom::sip
