#include "base/thread.hpp"

#include <sys/resource.h>

#include <pthread.h>
#include <signal.h>
#include <utility>

namespace switchroom::base {

std::thread start_thread(const std::string& name, std::function<void()> body) {
  sigset_t for_the_main_thread;
  sigset_t before;
  sigfillset(&for_the_main_thread);
  // A fault whose signal is blocked ends the process without a word.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    sigdelset(&for_the_main_thread, fault);
  }
  pthread_sigmask(SIG_BLOCK, &for_the_main_thread, &before);
  std::thread thread([name = name.substr(0, 15), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

bool go_before_others() {
  constexpr id_t calling_thread = 0;  // Linux: a nice value is a thread's
  return ::setpriority(PRIO_PROCESS, calling_thread, favoured_nice) == 0;
}

}  // namespace switchroom::base
