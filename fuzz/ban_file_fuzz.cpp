// The file of bans, as a disk or somebody else may have left it: what is read is written and read again
// alike.
#include "guard/ban_file.hpp"

#include <cstdint>
#include <cstdlib>

using namespace switchroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto bans = guard::read_bans(text);
  const std::string written = guard::write_bans(bans);
  const auto again = guard::read_bans(written);
  if (again.size() != bans.size() || guard::write_bans(again) != written) {
    std::abort();
  }
  return 0;
}
