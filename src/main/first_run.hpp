// The first start: a configuration that works, written where it belongs.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::main {

/// Where things are when nobody says otherwise.
struct Paths {
  std::filesystem::path config;
  std::filesystem::path data_dir;
  std::filesystem::path socket;
};

/// Looks an environment variable up, as std::getenv does.
using Environment = std::function<const char*(const char* name)>;

/// The system's folders for root (/etc/switchroom, /var/lib/switchroom, /run/switchroom); for others
/// those of the XDG base directory specification, which are under HOME by default. An XDG variable that
/// is no absolute path is ignored, as the specification says. Without a HOME: the current folder.
Paths default_paths(bool root, const Environment& environment);

/// What the first start wrote.
struct FirstRun {
  std::filesystem::path config;
  std::vector<std::pair<std::string, std::string>>
      accounts;  // extension and password; empty: the file was there
};

/// Writes `paths.config` (mode 0600) with ten extensions of random passwords, unless a file is there
/// already, which is then used as it is and never changed; makes the folders of config, data and socket.
/// Blocks on the disk: before the call thread runs. The error names the path and what the system said.
base::result<FirstRun> write_first_config(const Paths& paths);
/// How to set a phone up and what to dial, for phones that reach this machine at its own address. Where
/// the file was there already, one line. On a terminal with a code to scan. See welcome.hpp.
void print_welcome(std::ostream& out, const FirstRun& run);
/// The folders of data and socket alone, for a configuration that was given by name.
base::result<void> make_folders(const std::filesystem::path& data_dir, const std::filesystem::path& socket);

/// The text of that file. Pure.
std::string first_config(const Paths& paths,
                         const std::vector<std::pair<std::string, std::string>>& accounts);
/// Sixteen characters that nobody confuses when reading them out (no 0 O 1 l I).
std::string random_password();

}  // namespace switchroom::main
