// Worker threads that signals do not reach.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace switchroom::base {

/// Starts `body` in a thread with this name (15 characters at most, for top and gdb) and all signals
/// blocked: they belong to the main thread, and SIGPIPE to nobody. The owner joins.
std::thread start_thread(const std::string& name, std::function<void()> body);

}  // namespace switchroom::base
