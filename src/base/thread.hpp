// Worker threads that signals do not reach.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace switchroom::base {

/// Starts `body` in a thread with this name (15 characters at most, for top and gdb) and all signals
/// blocked but those of its own faults: they belong to the main thread, and SIGPIPE to nobody. The owner
/// joins.
std::thread start_thread(const std::string& name, std::function<void()> body);

/// The nice value of a thread that goes before other programs: they get a thirtieth of what it gets.
inline constexpr int favoured_nice = -15;

/// Gives it to the calling thread. False where the system does not allow it
/// (RLIMIT_NICE, CAP_SYS_NICE).
bool go_before_others();

}  // namespace switchroom::base
