// A call to a trunk, as far as it costs.
#pragma once

#include <functional>

namespace switchroom::call {

/// What a leg tells of itself; made by TollGate, for a call that it lets pass. Call thread.
class Toll {
 public:
  Toll() = default;
  virtual ~Toll() = default;
  Toll(const Toll&) = delete;
  Toll& operator=(const Toll&) = delete;

  /// `over_cap` is called when the call is to end, in a turn of its own and not after ended().
  virtual void answered(std::function<void()> over_cap) = 0;
  /// It talks no more, or never did; also twice.
  virtual void ended() = 0;
};

}  // namespace switchroom::call
