// What the process says when it crashes.
#pragma once

namespace switchroom::main {

/// From now on a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL) or an abort() of any thread writes two lines, to the
/// console and to the log's file: what it was, in which thread, and the places in the code that led there, as
/// offsets into the executable (docs/building.md says how to read them). Then the process ends by the same
/// signal, with a core file where the system keeps them. Call thread, once. Does nothing in builds with a
/// sanitizer, which reports by itself.
void report_crashes();

}  // namespace switchroom::main
