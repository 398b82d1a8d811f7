// A file's place below a folder that it can never leave.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::recording {

/// The parts of a relative path, or why it is none: an absolute path, "..", ".", an empty or overlong part,
/// control characters. Pure.
base::result<std::vector<std::string>> parts_below(std::string_view relative);

/// An open folder.
class Folder {
 public:
  Folder() = default;
  explicit Folder(int fd) : fd_(fd) {}
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  /// `root` (made with what leads there, and followed wherever it points), then each of `parts`, made (0750)
  /// when missing, and refused when it is a link: a link could point out of the root. Blocks on the disk.
  static base::result<Folder> open_below(const std::filesystem::path& root,
                                         const std::vector<std::string>& parts);
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace switchroom::recording
