// The zone of the stamps in logs and records.
#pragma once

#include <string>

namespace switchroom::main {

/// Makes `zone` ("Europe/Berlin") the process's local zone; empty leaves the system's. Before any thread
/// is started: it changes the environment, which other threads may be reading. Without the system's
/// zone data the rule in the executable is used.
void use_timezone(const std::string& zone);

}  // namespace switchroom::main
