// Many cheap one-shot timers on one thread, behind one asio timer.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>

namespace switchroom::base {

/// Names a timer that was set; 0 names none. Never used twice.
using TimerId = std::uint64_t;

/// One-shot timers. Call thread. The interface is abstract so that state machines run in tests on a
/// clock that the test moves (see ManualTimers).
class Timers {
 public:
  virtual ~Timers() = default;
  [[nodiscard]] virtual Time now() const = 0;
  /// Runs `action` once at `when` or soon after; never inside this call.
  virtual TimerId at(Time when, std::function<void()> action) = 0;
  /// After cancel the action does not run. Unknown, expired and 0 ids are ignored.
  virtual void cancel(TimerId id) = 0;

  TimerId after(Duration delay, std::function<void()> action) { return at(now() + delay, std::move(action)); }
};

}  // namespace switchroom::base
