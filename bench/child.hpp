// A process of its own that is measured: pipes to it, its CPU time.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace switchroom::bench {

/// User and system time, all threads.
inline double cpu_seconds_of_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A process that was forked off. The parent writes what it needs and reads its answers; of those that relay:
/// the generator's ports and then the relay's. A byte starts the count of CPU time and a second one ends it.
struct Child {
  int to = -1;
  int from = -1;
  pid_t pid = -1;
};

/// Of values without pointers.
template <class T>
void put(int fd, const T& value) {
  if (::write(fd, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) {
    std::exit(2);
  }
}
template <class T>
T take(int fd) {
  T value{};
  std::size_t got = 0;
  while (got < sizeof value) {
    const ssize_t n = ::read(fd, reinterpret_cast<char*>(&value) + got, sizeof value - got);
    if (n <= 0) {
      std::exit(2);
    }
    got += static_cast<std::size_t>(n);
  }
  return value;
}

/// Answers the parent's two bytes with the CPU time of this process.
inline void report_cpu(int in, int out) {
  for (int i = 0; i < 2; ++i) {
    (void)take<char>(in);
    put(out, cpu_seconds_of_process());
  }
}

template <class Body>
Child start(Body body) {
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (::pipe(down.data()) != 0 || ::pipe(up.data()) != 0) {
    std::exit(2);
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlive the benchmark
    ::close(down[1]);
    ::close(up[0]);
    body(down[0], up[1]);
    std::_Exit(0);
  }
  ::close(down[0]);
  ::close(up[1]);
  return {down[1], up[0], pid};
}

/// Waits for its end.
inline void finish(const Child& child) {
  ::close(child.to);
  ::waitpid(child.pid, nullptr, 0);
  ::close(child.from);
}

/// Two sockets for each port.
inline void allow_many_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace switchroom::bench
