// Last words of real faults, each in a child process. Signals of other threads:
// tests/system/test_last_words.py.
#include "main/crash.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

using Catch::Matchers::Contains;

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace {

struct End {
  int signal = 0;
  std::string words;
};

/// What a process says that does this, and by which signal it ends.
template <class Fault>
End end_of(Fault fault) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(pipe[1], STDERR_FILENO);
    ::alarm(10);  // a handler that hangs ends, too
    switchroom::main::report_crashes();
    fault();
    ::_exit(0);
  }
  ::close(pipe[1]);
  End end;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
    end.words.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return end;
}

[[gnu::noinline]] int deeper(volatile int* above) {
  std::array<int, 1000> room{};
  room[0] = *above + 1;
  return *above < 0 ? 0 : deeper(room.data()) + room[0];
}

}  // namespace

TEST_CASE("a null pointer", "[crash]") {
  const End end = end_of([] {
    int* volatile nowhere = nullptr;
    nowhere[4] = 1;
  });
  CHECK(end.signal == SIGSEGV);
  CHECK_THAT(end.words, Contains(" crashed: SIGSEGV at address 0x10 in thread unit_main\n"));
  CHECK_THAT(end.words, Contains("places in the code: 0x"));
  CHECK(end.words.back() == '\n');
}

TEST_CASE("a stack that overflows", "[crash]") {
  const End end = end_of([] {
    volatile int top = 0;
    (void)deeper(&top);
  });
  CHECK(end.signal == SIGSEGV);
  CHECK_THAT(end.words, Contains(" crashed: SIGSEGV at address 0x"));
}

TEST_CASE("a stack that is broken", "[crash]") {
  const End end = end_of([] {
    std::memset(__builtin_frame_address(0), 0x41, 512);  // what is looked through for places leads nowhere
    __builtin_trap();
  });
  CHECK((end.signal == SIGILL || end.signal == SIGSEGV));  // of a fault in the handler; and no SIGALRM
  CHECK_THAT(end.words, Contains(" crashed: SIGILL at address 0x"));
}

TEST_CASE("a heap that is broken", "[crash]") {
  const End end = end_of([] {
    auto* const block = static_cast<char*>(std::malloc(64));
    char* volatile inside = block + 8;
    std::free(inside);  // glibc aborts with the heap's lock held, or before
  });
  CHECK(end.signal == SIGABRT);
  CHECK_THAT(end.words, Contains(" crashed: SIGABRT in thread unit_main\n"));
}

#endif
