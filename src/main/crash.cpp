#include "main/crash.hpp"

#include "base/log.hpp"
#include "base/version.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

extern "C" const char __ehdr_start;  // NOLINT: the linker's name of our first byte

namespace switchroom::main {
namespace {

// All that the handler does is allowed in one (signal-safety(7)): a heap that is broken, or whose lock this
// very thread holds, may be why it runs.

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr long words_to_come = 50'000'000;  // ns in which the log's thread writes what is queued
constexpr std::size_t stack_bytes = 64UL << 10U;
constexpr bool sanitizer_reports = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);

class Text {
 public:
  template <class... Args>
  void add(fmt::format_string<const Args&...> format, const Args&... args) {
    const auto written = fmt::format_to_n(bytes_.data() + size_, bytes_.size() - size_, format, args...);
    size_ = std::min(bytes_.size(), size_ + written.size);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 2000> bytes_{};
  std::size_t size_ = 0;
};

struct Backtrace {
  std::array<std::uintptr_t, 40> places{};
  std::size_t count = 0;
  bool past_handler = false;
};

/// Frames from the one that the signal interrupted on; those before are the handler's own.
_Unwind_Reason_Code note_frame(_Unwind_Context* context, void* data) {
  auto& trace = *static_cast<Backtrace*>(data);
  int interrupted = 0;
  const std::uintptr_t place = _Unwind_GetIPInfo(context, &interrupted);
  trace.past_handler = trace.past_handler || interrupted != 0;
  if (trace.past_handler && place != 0) {
    // A return address is behind its call.
    trace.places[trace.count++] = place - (interrupted != 0 ? 0 : 1);
  }
  return trace.count < trace.places.size() ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/// As the log begins its lines.
void begin_line(Text& text) {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  text.add("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z error   main      ", static_cast<int>(date.year()),
           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
           time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

void tell_what(const siginfo_t& info) {
  const char* const signal = ::sigabbrev_np(info.si_signo);
  std::array<char, 17> thread{};
  (void)::prctl(PR_GET_NAME, thread.data());
  Text text;
  begin_line(text);
  text.add("Switchroom {} ({}) crashed: SIG{}", base::version(), base::revision(),
           signal == nullptr ? "?" : signal);
  if (info.si_code == SI_USER || info.si_code == SI_TKILL) {
    if (info.si_pid != ::getpid()) {
      text.add(" from process {}", info.si_pid);
    }
  } else {
    text.add(" at address {:#x}", reinterpret_cast<std::uintptr_t>(info.si_addr));
  }
  text.add(" in thread {}\n", thread.data());
  log::write_at_crash(text.view());
}

void tell_where() {
  Text text;
  begin_line(text);
  text.add("please report this line and those before it; places in the code:");
  Backtrace trace;
  (void)_Unwind_Backtrace(note_frame, &trace);
  const auto begin = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  for (std::size_t i = 0; i < trace.count; ++i) {
    text.add(" {:#x}", trace.places[i] - begin);
  }
  text.add("\n");
  log::write_at_crash(text.view());
}

void on_crash(int number, siginfo_t* info, void*) {
  static std::atomic_flag crashed;
  if (crashed.test_and_set()) {
    for (;;) {  // another thread tells already, and the process ends when it has
      ::pause();
    }
  }
  const timespec rest{0, words_to_come};
  (void)::nanosleep(&rest, nullptr);
  tell_what(*info);
  tell_where();           // last: in a broken stack that may fault anew
  (void)::raise(number);  // waits until we return; then by the default, SA_RESETHAND
}

}  // namespace

void report_crashes() {
  if (sanitizer_reports) {
    return;
  }
  // So that a stack that has overflowed has a place to tell it from.
  static std::array<std::byte, stack_bytes> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  (void)::sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  // All are blocked in the handler: a fault there ends the process, and does not wait for itself.
  for (const int signal : fatal_signals) {
    sigaddset(&action.sa_mask, signal);
  }
  for (const int signal : fatal_signals) {
    (void)::sigaction(signal, &action, nullptr);
  }
}

}  // namespace switchroom::main
