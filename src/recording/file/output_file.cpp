#include "recording/file/output_file.hpp"

#include "recording/file/place.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace switchroom::recording {
namespace {

constexpr unsigned most_of_a_name = 1000;  // files that differ in their number alone

/// "a.wav" to "a-2.wav".
std::string numbered(const std::string& name, unsigned number) {
  if (number < 2) {
    return name;
  }
  const std::filesystem::path path(name);
  return fmt::format("{}-{}{}", path.stem().string(), number, path.extension().string());
}

/// All of it at `at`; false: errno says why.
bool write_all(int fd, std::uint64_t at, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      errno = written == 0 ? ENOSPC : errno;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  return true;
}

}  // namespace

base::result<std::shared_ptr<OutputFile>> OutputFile::create(const std::filesystem::path& root,
                                                             std::string_view relative) {
  auto parts = parts_below(relative);
  if (!parts) {
    return parts.error();
  }
  const std::string name = std::move(parts->back());
  parts->pop_back();
  auto folder = Folder::open_below(root, *parts);
  if (!folder) {
    return folder.error();
  }
  std::filesystem::path path = root;
  for (const auto& part : *parts) {
    path /= part;
  }
  for (unsigned number = 1; number < most_of_a_name; ++number) {
    const std::string wanted = numbered(name, number);
    const int fd =
        ::openat(folder->fd(), wanted.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0) {
      // A descriptor of its own: the Folder goes, and the name is synced at the end.
      const int own = ::fcntl(folder->fd(), F_DUPFD_CLOEXEC, 0);
      return std::make_shared<OutputFile>(fd, own, path / wanted);
    }
    if (errno != EEXIST) {
      return base::Error{fmt::format("cannot make {}: {}", (path / wanted).string(), std::strerror(errno))};
    }
  }
  return base::Error{fmt::format("there are too many files like {}", (path / name).string())};
}

OutputFile::OutputFile(int fd, int folder, std::filesystem::path path)
    : fd_(fd), folder_(folder), path_(std::move(path)) {}

OutputFile::~OutputFile() {
  ::close(fd_);
  if (folder_ >= 0) {
    ::close(folder_);
  }
}

base::Error OutputFile::error(std::string_view doing) const {
  return {fmt::format("cannot {} {}: {}", doing, path_.string(), std::strerror(errno))};
}

base::result<void> OutputFile::append(std::span<const std::uint8_t> bytes) {
  if (!write_all(fd_, size_, bytes)) {
    base::Error why = error("write");
    // What did fit is taken back: half a sample, page or frame is worth nothing to a reader.
    (void)!::ftruncate(fd_, static_cast<off_t>(size_));
    return why;
  }
  size_ += bytes.size();
  return {};
}

base::result<void> OutputFile::rewrite(std::uint64_t at, std::span<const std::uint8_t> bytes) {
  if (!write_all(fd_, at, bytes)) {
    return error("write");
  }
  return {};
}

base::result<void> OutputFile::sync(bool with_folder) {
  if (::fdatasync(fd_) != 0 || (with_folder && folder_ >= 0 && ::fsync(folder_) != 0)) {
    return error("sync");
  }
  return {};
}

}  // namespace switchroom::recording
