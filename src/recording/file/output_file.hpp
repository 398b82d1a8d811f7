// A new file that grows, and whose beginning may be written again.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace switchroom::recording {

/// The worker writes, and another thread may sync() meanwhile. What the disk refuses is an Error with the
/// file's name in it; the file then ends where it ended before.
class OutputFile {
 public:
  /// Makes `relative` below `root` with the folders that lead to it (place.hpp); mode 0640. Nothing that
  /// exists is touched: "a.wav" becomes "a-2.wav" then.
  static base::result<std::shared_ptr<OutputFile>> create(const std::filesystem::path& root,
                                                          std::string_view relative);
  OutputFile(int fd, int folder, std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  base::result<void> append(std::span<const std::uint8_t> bytes);
  /// Writes over what is there.
  base::result<void> rewrite(std::uint64_t at, std::span<const std::uint8_t> bytes);
  /// Waits until the disk has what was written; `with_folder`: and the file's name. Any thread.
  base::result<void> sync(bool with_folder);

  /// Somebody else has made the file longer (a test, which would else write for hours).
  void note_growth(std::uint64_t bytes) { size_ += bytes; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  base::Error error(std::string_view doing) const;

  int fd_;
  int folder_;  // that holds it
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
};

}  // namespace switchroom::recording
