// The file, its includes, and their trees put together into one.
#pragma once

#include "base/result.hpp"
#include "config/document.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::config {

/// The content of a regular file of at most 4 MiB.
struct Content {
  std::string text;
};
/// The error continues a sentence that began with the file's name: "does not exist", "is a folder" …
base::result<Content> read_file(const std::filesystem::path& file);

/// All files as one tree.
struct Sources {
  Node root;
  std::vector<std::string> files;  // in the order they were read
  bool whole = true;               // every file could be read and parsed
};

/// Reads `file` and what it includes.
Sources read_sources(const std::filesystem::path& file, std::vector<Problem>& problems);
/// The same for a text whose file is `name` in sentences, and whose includes are seen from there.
Sources read_sources(std::string_view text, const std::string& name, std::vector<Problem>& problems);

}  // namespace switchroom::config
