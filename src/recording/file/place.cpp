#include "recording/file/place.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace switchroom::recording {
namespace {

constexpr std::size_t longest_part = 200;  // bytes; file systems take 255, and an ending may be added
constexpr std::size_t most_parts = 32;

std::string wrong_part(std::string_view part) {
  if (part.empty()) {
    return "has an empty part";
  }
  if (part == "." || part == "..") {
    return "must not contain \"" + std::string(part) + "\"";
  }
  if (part.size() > longest_part) {
    return fmt::format("has a part of more than {} bytes", longest_part);
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return std::ranges::any_of(part, is_control) ? "contains control characters" : "";
}

base::Error trouble(std::string_view doing, const std::string& what) {
  return {fmt::format("cannot {} {}: {}", doing, what, std::strerror(errno))};
}

}  // namespace

base::result<std::vector<std::string>> parts_below(std::string_view relative) {
  const auto refuse = [&](const std::string& why) {
    return base::Error{fmt::format("the path \"{}\" {}", relative, why)};
  };
  if (relative.starts_with('/')) {
    return refuse("is absolute");
  }
  std::vector<std::string> parts;
  for (std::string_view rest = relative;;) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    if (std::string why = wrong_part(part); !why.empty()) {
      return refuse(why);
    }
    parts.emplace_back(part);
    if (slash == rest.size()) {
      break;
    }
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() > most_parts) {
    return refuse(fmt::format("is more than {} folders deep", most_parts));
  }
  return parts;
}

Folder::Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Folder::~Folder() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::result<Folder> Folder::open_below(const std::filesystem::path& root,
                                        const std::vector<std::string>& parts) {
  std::error_code ignored;  // opening tells
  std::filesystem::create_directories(root, ignored);
  Folder at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.fd() < 0) {
    return trouble("open the folder", root.string());
  }
  std::filesystem::path path = root;
  for (const std::string& part : parts) {
    path /= part;
    if (::mkdirat(at.fd(), part.c_str(), 0750) != 0 && errno != EEXIST) {
      return trouble("make the folder", path.string());
    }
    Folder next(::openat(at.fd(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.fd() < 0) {
      if (errno == ELOOP || errno == ENOTDIR) {
        return base::Error{
            fmt::format("{} is a link or no folder: nothing is written through it", path.string())};
      }
      return trouble("open the folder", path.string());
    }
    at = std::move(next);
  }
  return at;
}

}  // namespace switchroom::recording
