#include "sounds/child.hpp"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <unistd.h>

extern char** environ;

namespace switchroom::sounds {
namespace {

constexpr std::size_t complaint_bytes = 300;  // of standard error, that are kept
constexpr int glance = 100;                   // ms between looks at `stop` and the clock

/// A pipe whose ends close with it.
struct Pipe {
  Pipe() { good = ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(std::size_t end) {
    if (ends[end] >= 0) {
      ::close(ends[end]);
      ends[end] = -1;
    }
  }
  std::array<int, 2> ends{-1, -1};
  bool good = false;
};

/// What posix_spawn wants to know of the child.
struct Plan {
  Plan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  ::posix_spawn_file_actions_t actions{};
  ::posix_spawnattr_t attributes{};
};

/// One run, from its start to its end.
class Run {
 public:
  Run(const std::string& input, std::size_t most) : input_(input), most_(most) {}

  /// An errno, or 0.
  int start(const std::vector<std::string>& argv) {
    if (!in_.good || !out_.good || !err_.good) {
      return EMFILE;
    }
    Plan plan;
    ::posix_spawn_file_actions_adddup2(&plan.actions, in_.ends[0], 0);
    ::posix_spawn_file_actions_adddup2(&plan.actions, out_.ends[1], 1);
    ::posix_spawn_file_actions_adddup2(&plan.actions, err_.ends[1], 2);
    ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
    ::sigset_t none;
    ::sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&plan.attributes, &none);
    ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
    ::posix_spawnattr_setpgroup(&plan.attributes, 0);
    ::posix_spawnattr_setflags(&plan.attributes,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv) {
      words.push_back(const_cast<char*>(word.c_str()));  // posix_spawnp does not write to them
    }
    words.push_back(nullptr);
    const int error =
        ::posix_spawnp(&child_, words[0], &plan.actions, &plan.attributes, words.data(), environ);
    in_.close(0);
    out_.close(1);
    err_.close(1);
    ::fcntl(in_.ends[1], F_SETFL, O_NONBLOCK);
    return error;
  }

  /// Feeds and listens until both its outputs are closed. False: it took too long, or said too much.
  bool attend(base::Time deadline, const std::atomic<bool>& stop) {
    while (out_.ends[0] >= 0 || err_.ends[0] >= 0) {
      if (base::Clock::now() >= deadline || stop || said_.size() > most_) {
        return false;
      }
      if (written_ == input_.size()) {
        in_.close(1);
      }
      std::array<::pollfd, 3> waits{::pollfd{in_.ends[1], POLLOUT, 0}, ::pollfd{out_.ends[0], POLLIN, 0},
                                    ::pollfd{err_.ends[0], POLLIN, 0}};
      (void)::poll(waits.data(), waits.size(), glance);
      if (waits[0].revents != 0) {
        feed();
      }
      if (waits[1].revents != 0) {
        listen(out_, said_);
      }
      if (waits[2].revents != 0) {
        listen(err_, complaint_);
        complaint_.erase(0, complaint_.size() - std::min(complaint_.size(), complaint_bytes));
      }
    }
    return true;
  }

  /// Its status, as waitpid has it; kills it first where it did not end by itself.
  int end(bool kill, base::Time deadline) {
    int status = 0;
    ::pid_t ended = 0;
    while (!kill && (ended = ::waitpid(child_, &status, WNOHANG)) == 0 && base::Clock::now() < deadline) {
      ::usleep(10'000);  // it has closed its outputs and is about to go
    }
    if (ended != child_) {
      ::kill(-child_, SIGKILL);  // its group: whatever it started goes too
      ::waitpid(child_, &status, 0);
    }
    return status;
  }

  std::string take_output() { return std::move(said_); }
  /// The last words of its complaint, on one line.
  [[nodiscard]] std::string complaint() const {
    std::string text = complaint_;
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

 private:
  void feed() {
    const auto written = ::write(in_.ends[1], input_.data() + written_, input_.size() - written_);
    if (written > 0) {
      written_ += static_cast<std::size_t>(written);
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
      in_.close(1);  // it does not read: its own affair
    }
  }

  static void listen(Pipe& pipe, std::string& heard) {
    std::array<char, 16384> piece{};
    const auto got = ::read(pipe.ends[0], piece.data(), piece.size());
    if (got > 0) {
      heard.append(piece.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      pipe.close(0);
    }
  }

  const std::string& input_;
  std::size_t most_;
  std::size_t written_ = 0;
  Pipe in_;
  Pipe out_;
  Pipe err_;
  std::string said_;
  std::string complaint_;
  ::pid_t child_ = -1;
};

}  // namespace

base::result<std::string> run_child(const std::vector<std::string>& argv, const std::string& input,
                                    base::Duration limit, std::size_t most, const std::atomic<bool>& stop) {
  const auto deadline = base::Clock::now() + limit;
  Run run(input, most);
  if (const int error = run.start(argv); error != 0) {
    return base::Error{
        fmt::format("{}: {}", argv[0], std::strerror(error))};  // NOLINT(concurrency-mt-unsafe)
  }
  const bool whole = run.attend(deadline, stop);
  const int status = run.end(!whole, deadline);
  std::string output = run.take_output();
  if (output.size() > most) {
    return base::Error{fmt::format("{} wrote more than {} bytes", argv[0], most)};
  }
  if (!whole || WIFSIGNALED(status)) {
    return base::Error{
        stop ? "the server is stopping"
             : fmt::format("{} {}", argv[0],
                           base::Clock::now() >= deadline ? "took too long and was ended" : "crashed")};
  }
  if (WEXITSTATUS(status) != 0) {
    return base::Error{
        fmt::format("{} ended with status {}: {}", argv[0], WEXITSTATUS(status), run.complaint())};
  }
  return base::success<std::string>(std::move(output));
}

}  // namespace switchroom::sounds
