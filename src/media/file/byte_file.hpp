// A descriptor that is read from beginning to end.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <unistd.h>
#include <utility>

namespace switchroom::media {

/// Owns the descriptor.
class ByteFile {
 public:
  explicit ByteFile(int descriptor) : descriptor_(descriptor) {}
  ByteFile(ByteFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ByteFile(const ByteFile&) = delete;
  ByteFile& operator=(const ByteFile&) = delete;
  ByteFile& operator=(ByteFile&&) = delete;
  ~ByteFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  /// How much there was; less than asked for at the end alone.
  std::size_t read(std::span<std::uint8_t> bytes) {
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const auto got = ::read(descriptor_, bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        break;
      }
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }
  void seek(std::size_t to) { (void)::lseek(descriptor_, static_cast<::off_t>(to), SEEK_SET); }

 private:
  int descriptor_;
};

}  // namespace switchroom::media
