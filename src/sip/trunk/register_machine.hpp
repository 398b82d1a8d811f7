// What to do after each answer to a REGISTER of ours. RFC 3261 10.2; no I/O.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace switchroom::sip {

/// Call thread. A round is one attempt to register, over all places of the registrar; between rounds lies a
/// pause, which grows from failure to failure.
class RegisterMachine {
 public:
  struct Settings {
    std::chrono::seconds expires{3600};
    std::chrono::seconds retry_min{30};
    std::chrono::seconds retry_max{600};
    std::function<double()> random;  // 0 to 1, for pauses that do not meet; none: 0.5
  };
  enum class State : std::uint8_t { idle, trying, registered, failed };

  /// A final answer, or what stands for one. A status of 0: none came, or nothing could be sent.
  struct Answer {
    int status = 0;
    std::string words;                         // "403 Forbidden", "no answer"
    bool authorized = false;                   // 401, 407: credentials were put in for it
    std::optional<std::uint32_t> granted;      // 2xx: seconds
    std::optional<std::uint32_t> min_expires;  // 423
    std::optional<std::uint32_t> retry_after;
  };
  enum class Next : std::uint8_t {
    again,      // the same request to the same place, at once
    elsewhere,  // the next place, or the end of the round
    done        // the round is over
  };

  explicit RegisterMachine(Settings settings) : settings_(std::move(settings)) {}

  void begin_round();
  Next on_answer(const Answer& answer, base::Time now);
  /// All places were tried, or there is none (`words`: why).
  void end_round(base::Time now, const std::string& words = {});

  /// Seconds to ask for.
  [[nodiscard]] std::chrono::seconds expires() const { return expires_.value_or(settings_.expires); }
  /// When the next round is due.
  [[nodiscard]] base::Time next() const { return next_; }
  [[nodiscard]] State state() const { return state_; }
  /// Is there a binding, though a refresh may have failed since?
  [[nodiscard]] bool is_bound(base::Time now) const { return now < bound_until_; }
  [[nodiscard]] base::Time bound_until() const { return bound_until_; }
  [[nodiscard]] const std::string& last_failure() const { return last_failure_; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  Next refuse(const Answer& answer, base::Time now);
  void fail(const std::string& words);
  [[nodiscard]] base::Duration pause() const;
  [[nodiscard]] double random() const { return settings_.random ? settings_.random() : 0.5; }

  Settings settings_;
  State state_ = State::idle;
  std::optional<std::chrono::seconds> expires_;  // raised by 423
  base::Time next_{};
  base::Time bound_until_{};
  std::string last_failure_;
  std::uint32_t failures_ = 0;      // rounds in a row
  unsigned raised_ = 0;             // in this round
  base::Duration asked_to_wait_{};  // by Retry-After, in this round
};

}  // namespace switchroom::sip
