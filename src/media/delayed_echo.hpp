// An echo that comes later.
#pragma once

#include "base/clock.hpp"

namespace switchroom::media {

class Port;

/// From here on the echo of the port (Port::echo) is so much later; zero: at once. At most ten seconds of it
/// are held. Call thread.
void delay_echo(Port& port, base::Duration delay);

}  // namespace switchroom::media
