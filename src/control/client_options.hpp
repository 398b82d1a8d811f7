// pbxctl's command line. Pure functions.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace switchroom::control {

struct ClientOptions {
  std::string socket;  // empty: the usual places
  bool json = false;
  bool watch = false;
  bool help = false;
  std::chrono::milliseconds timeout{0};  // 0: not given
  std::vector<std::string> words;
};

/// Options stand anywhere before "--"; what begins with "--" and is unknown is an error that says so.
base::result<ClientOptions> parse_client_options(const std::vector<std::string>& arguments);

/// Where a server's socket may be, in the order in which they are tried; `environment` is getenv.
std::vector<std::filesystem::path> usual_sockets(const std::function<const char*(const char*)>& environment);

}  // namespace switchroom::control
