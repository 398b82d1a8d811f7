// What the command line asks for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace switchroom::main {

struct Serve {
  std::optional<std::filesystem::path> config;  // none: the first-run file, written when missing
};
struct Check {
  std::filesystem::path config;
};
struct ShowVersion {};
struct ShowHelp {};
struct ShowLicenses {};
struct ShowExample {};
struct UsageError {
  std::string what;
};
using CommandLine = std::variant<Serve, Check, ShowVersion, ShowHelp, ShowLicenses, ShowExample, UsageError>;

/// Pure. `arguments` without the program's name.
CommandLine parse_command_line(const std::vector<std::string>& arguments);
std::string usage();

}  // namespace switchroom::main
