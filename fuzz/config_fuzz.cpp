// Any text as a configuration: problems or a snapshot, never a crash, and never a password in a problem.
#include "config/load.hpp"

#include <cstdlib>
#include <string_view>

using namespace switchroom::config;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find("include") != std::string_view::npos ||
      text.find("password_file") != std::string_view::npos) {
    return 0;  // a text that names files would read whatever the machine has
  }
  const Loaded loaded = load_text(text, "fuzz.toml", {});
  if ((loaded.snapshot == nullptr) == loaded.problems.empty()) {
    std::abort();
  }
  for (const Problem& problem : loaded.problems) {
    if (problem.what.empty() || problem.place.file.empty()) {
      std::abort();
    }
  }
  return 0;
}
