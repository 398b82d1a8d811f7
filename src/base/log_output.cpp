#include "base/log_output.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::log::detail {
namespace {

// A write of this size to a pipe that poll() calls writable does not block (pipe(7), PIPE_BUF).
constexpr std::size_t pipe_bytes = 4096;
constexpr int patience_ms = 100;

}  // namespace

base::result<Output> Output::open(const Settings& settings) {
  Output output;
  output.settings_ = settings;
  if (settings.file.empty()) {
    output.open_console();
    return output;
  }
  if (auto opened = output.open_file(); !opened) return opened.error();
  return output;
}

Output::Output(Output&& other) noexcept { *this = std::move(other); }

Output& Output::operator=(Output&& other) noexcept {
  if (this != &other) {
    close();
    settings_ = std::move(other.settings_);
    fd_ = std::exchange(other.fd_, -1);
    file_ = other.file_;
    socket_ = other.socket_;
    journal_ = other.journal_;
    torn_ = other.torn_;
    size_ = other.size_;
    rotate_at_ = other.rotate_at_;
    errno_ = other.errno_;
  }
  return *this;
}

Output::~Output() { close(); }

void Output::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// stderr may be shared with a shell: its flags are not ours to change. So a pipe or a terminal is
// opened once more, for a description of our own that does not block; sockets can be asked per call.
void Output::open_console() {
  struct stat info{};
  if (::fstat(STDERR_FILENO, &info) != 0) return;  // closed: every write fails, and is counted
  socket_ = S_ISSOCK(info.st_mode);
  if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
    fd_ = ::open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  }
  if (fd_ < 0) fd_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (const char* stream = std::getenv("JOURNAL_STREAM"); stream != nullptr) {
    journal_ = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
  }
}

base::result<void> Output::open_file() {
  file_ = true;
  const std::filesystem::path path(settings_.file);
  std::error_code ignored;  // open() below says what is wrong
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  fd_ =
      ::open(settings_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
  struct stat info{};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) {
    errno_ = errno;
    return base::Error{"log file " + settings_.file + ": " + std::strerror(errno_)};
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
  rotate_at_ = S_ISREG(info.st_mode) ? settings_.max_bytes : 0;
  return {};
}

// FILE becomes FILE.1, FILE.1 becomes FILE.2 …; the oldest of `keep` is replaced. Where the directory
// forbids it, the same file goes on for another max_bytes.
void Output::rotate() {
  const auto numbered = [this](unsigned n) { return settings_.file + "." + std::to_string(n); };
  bool moved = false;
  if (settings_.keep == 0) {
    moved = ::unlink(settings_.file.c_str()) == 0;
  } else {
    for (unsigned n = settings_.keep - 1; n > 0; --n) {
      (void)::rename(numbered(n).c_str(), numbered(n + 1).c_str());
    }
    moved = ::rename(settings_.file.c_str(), numbered(1).c_str()) == 0;
  }
  const int old = std::exchange(fd_, -1);
  if (!open_file()) {
    fd_ = old;  // still open under its new name: better there than nowhere
    rotate_at_ = size_ + settings_.max_bytes;
    return;
  }
  ::close(old);
  if (!moved) rotate_at_ = size_ + settings_.max_bytes;
}

long Output::write_some(std::string_view bytes) const {
  if (fd_ < 0) {  // a console that was closed
    errno = EBADF;
    return -1;
  }
  if (socket_) return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(fd_, bytes.data(), file_ ? bytes.size() : std::min(bytes.size(), pipe_bytes));
}

Output::Outcome Output::write(std::string& lines) {
  if (file_ && rotate_at_ != 0 && size_ != 0 && size_ + lines.size() > rotate_at_) rotate();
  if (torn_) {
    lines.insert(0, 1, '\n');
    torn_ = false;
  }
  std::size_t done = 0;
  while (done < lines.size()) {
    if (!file_) {
      pollfd writable{fd_, POLLOUT, 0};
      if (fd_ >= 0 && ::poll(&writable, 1, patience_ms) == 0) {
        lines.erase(0, done);
        return Outcome::stuck;
      }
    }
    const long written = write_some(std::string_view(lines).substr(done));
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
      size_ += static_cast<std::uint64_t>(written);
      continue;
    }
    if (errno == EINTR) continue;
    if ((errno == EAGAIN || errno == EWOULDBLOCK) && !file_) continue;  // poll says when
    errno_ = errno;
    torn_ = done != 0 && lines[done - 1] != '\n';
    lines.erase(0, done);
    return Outcome::failed;
  }
  lines.clear();
  return Outcome::written;
}

}  // namespace switchroom::log::detail
