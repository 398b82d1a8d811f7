#include "mail/sendmail.hpp"

#include "base/signal.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace switchroom::mail {
namespace {

using namespace std::chrono_literals;
constexpr int temporary_failure = 75;  // EX_TEMPFAIL of sysexits.h
constexpr int bad_usage = 64;          // EX_USAGE … EX_CONFIG are 64 to 78

/// An unnamed file with the text, at its beginning; -1: none. In memory: where the system is read-only there
/// is no /tmp, and what people say need not lie there.
int file_with(std::string_view text) {
  const int fd = ::memfd_create("mail", MFD_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written <= 0) {
      ::close(fd);
      return -1;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

std::string output_of(int fd) {
  std::array<char, 300> text{};
  ::lseek(fd, 0, SEEK_SET);
  const auto size = ::read(fd, text.data(), text.size());
  std::string out(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, ' ');
  return out;
}

struct Files {
  int input = -1;
  int output = -1;
  ~Files() {
    if (input >= 0) ::close(input);
    if (output >= 0) ::close(output);
  }
};

Outcome later(std::string words) { return {Outcome::Verdict::later, std::move(words), true}; }

int start(const std::vector<std::string>& command, const Files& files, pid_t& child) {
  std::vector<char*> arguments;
  for (const auto& word : command) {
    arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT: exec's old signature
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, files.input, 0);
  posix_spawn_file_actions_adddup2(&actions, files.output, 1);
  posix_spawn_file_actions_adddup2(&actions, files.output, 2);
  // Our threads block all signals; the program shall not inherit that.
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int failed = ::posix_spawn(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

awaitable<Outcome> send_by_program(std::vector<std::string> command, std::string_view message,
                                   base::Duration limit) {
  std::string text(message);
  std::erase(text, '\r');
  const Files files{file_with(text), file_with({})};
  if (files.input < 0 || files.output < 0) {
    co_return later("no memory for the mail");
  }
  pid_t child = 0;
  if (const int failed = start(command, files, child); failed != 0) {
    co_return later(fmt::format("{} cannot be run: {}", command.front(), std::strerror(failed)));
  }
  // Whatever ends this coroutine ends the program, too: it is ours.
  struct Child {
    pid_t id;
    bool over = false;
    ~Child() {
      if (!over) {
        ::kill(id, SIGKILL);
        (void)::waitpid(id, nullptr, 0);
      }
    }
  } running{child};
  const base::Time deadline = base::Clock::now() + limit;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (base::Clock::now() >= deadline) {
      co_return later(fmt::format("{} did not end in time and was ended", command.front()));
    }
    co_await base::nap(20ms);
  }
  running.over = true;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const std::string said = output_of(files.output);
  if (code == 0) {
    co_return Outcome{Outcome::Verdict::delivered, "taken by " + command.front(), false};
  }
  const std::string words =
      fmt::format("{} ended with {}{}{}", command.front(), code < 0 ? "a signal" : std::to_string(code),
                  said.empty() ? "" : ": ", said);
  if (code >= bad_usage && code <= 78 && code != temporary_failure) {
    co_return Outcome{Outcome::Verdict::refused, words, false};
  }
  co_return later(words);
}

}  // namespace switchroom::mail
