// From root to an ordinary user, before anything of a stranger's is read.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace switchroom::main {

/// What was read while it could be, of files that cannot be read any more: by path.
using KeptFiles = std::map<std::filesystem::path, std::string>;

/// What became of the process.
struct Lowered {
  std::string as;                     // for the log: "user switchroom (990), groups 990, 108", or empty
  std::vector<std::string> warnings;  // for the log, which does not run yet
  KeptFiles kept;
};

/// Started as root with `[pbx] user`: makes the folders that the user needs, gives them to it, reads the
/// certificates, and becomes the user, with the groups of the system's files and without capabilities but for
/// those that the configuration needs (CAP_NET_BIND_SERVICE for ports below 1024, CAP_NET_ADMIN for
/// nftables). In any case no program that it starts can have more rights than it has (but see
/// Mail::sendmail). Must be called while the process has one thread: those that it starts inherit what this
/// leaves.
base::result<Lowered> lower_privileges(const config::Snapshot& config);

}  // namespace switchroom::main
