// A leg that hears itself.
#pragma once

#include "base/clock.hpp"

namespace switchroom::call {

class Leg;

/// Sends back what the leg's peer says, `delay` later, for as long as it lives. The leg has a port.
class Echo {
 public:
  Echo(Leg& leg, base::Duration delay);
  ~Echo();
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

 private:
  Leg& leg_;
};

}  // namespace switchroom::call
