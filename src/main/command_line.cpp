#include "main/command_line.hpp"

namespace switchroom::main {

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    return Serve{};
  }
  const std::string& first = arguments[0];
  const auto alone = [&](CommandLine command) {
    return arguments.size() == 1 ? std::move(command) : CommandLine(UsageError{first + " takes nothing"});
  };
  if (first == "--version" || first == "-V" || first == "version") {
    return alone(ShowVersion{});
  }
  if (first == "--help" || first == "-h" || first == "help") {
    return ShowHelp{};
  }
  if (first == "licenses") {
    return alone(ShowLicenses{});
  }
  if (first == "example") {
    return alone(ShowExample{});
  }
  if (first == "check") {
    return arguments.size() == 2 ? CommandLine(Check{arguments[1]})
                                 : UsageError{"check takes the file to check"};
  }
  if (first.starts_with("--config=")) {
    return arguments.size() == 1 ? CommandLine(Serve{first.substr(9)}) : UsageError{"one --config is enough"};
  }
  if (first == "--config" || first == "-c") {
    return arguments.size() == 2 ? CommandLine(Serve{arguments[1]}) : UsageError{first + " takes one file"};
  }
  return UsageError{"\"" + first + "\" is not known here"};
}

std::string usage() {
  return R"(usage: switchroom                  serve; the first time a configuration is written and explained
       switchroom -c FILE          serve FILE (also --config FILE)
       switchroom check FILE       say everything that is wrong with FILE
       switchroom example          print a configuration with every key explained
       switchroom licenses         the licences of what is inside
       switchroom --version

A running switchroom is watched and steered with pbxctl (try: pbxctl help).
Signals: TERM stops gracefully, a second one at once; HUP reads the configuration again.
)";
}

}  // namespace switchroom::main
