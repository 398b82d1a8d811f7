// What the kernel says of this process.
#pragma once

#include <cstdint>

namespace switchroom::main {

struct ProcessFacts {
  std::uint64_t resident_kb = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t descriptor_limit = 0;
};
/// Zeros where /proc is missing (an empty chroot).
ProcessFacts process_facts();

/// Raises the limit on open files as far as it may be; returns what it is now. A call takes four
/// descriptors for its sound.
std::uint64_t raise_descriptor_limit();

/// Root alone: threads that carry sound may go before other programs also when the process is an ordinary
/// user's.
void allow_priority();

/// Lets the allocator keep some freed memory for the next call instead of returning and fetching it by
/// a system call each time.
void keep_some_freed_memory();

/// Unmaps the executable's own read-only pages: most were touched by the start alone, with the kernel mapping
/// their neighbours as well. What is needed comes back from the page cache by itself.
void forget_pages_of_the_start();

}  // namespace switchroom::main
