// What other rooms say of a configuration's values.
#pragma once

#include "config/load.hpp"

namespace switchroom::main {

/// How the loader and `switchroom check` judge actions and conditions.
config::Checks config_checks();

}  // namespace switchroom::main
