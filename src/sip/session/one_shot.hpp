// A timer that its owner holds by value: set anew it replaces itself, destroyed it does not run.
#pragma once

#include "base/timers.hpp"

#include <functional>
#include <utility>

namespace switchroom::sip {

/// Call thread.
class OneShot {
 public:
  explicit OneShot(base::Timers* timers) : timers_(timers) {}
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;
  ~OneShot() { stop(); }

  /// `action` may destroy this object.
  void start(base::Duration delay, std::function<void()> action) {
    stop();
    id_ = timers_->after(delay, [this, run = std::move(action)] {
      id_ = 0;
      run();
    });
  }
  void stop() {
    if (id_ != 0) timers_->cancel(std::exchange(id_, 0));
  }

 private:
  base::Timers* timers_;  // not owned
  base::TimerId id_ = 0;
};

}  // namespace switchroom::sip
