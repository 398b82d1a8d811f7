#include "base/durable.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace switchroom::base {
namespace {

void sync(const std::filesystem::path& path, int flags) {
  if (const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags); fd >= 0) {
    (void)::fsync(fd);
    ::close(fd);
  }
}

}  // namespace

void sync_file(const std::filesystem::path& file) { sync(file, 0); }
void sync_folder(const std::filesystem::path& folder) { sync(folder, O_DIRECTORY); }

}  // namespace switchroom::base
