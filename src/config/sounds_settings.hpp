// What the file says of speech and music: [speech], [music.NAME].
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::config {

struct Speech {
  std::vector<std::string>
      command;                // the program and its arguments, "{file}" where the sound goes; empty: flite
  std::string voice = "slt";  // flite's
  std::chrono::seconds timeout{20};   // of the command
  std::uint64_t cache = 100U << 20U;  // bytes of what the command said, on disk
};

/// A stream that all who are on hold hear at the same point.
struct Music {
  std::filesystem::path folder;
  bool shuffle = false;
};

}  // namespace switchroom::config
