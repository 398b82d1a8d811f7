#include "config/warnings.hpp"

namespace switchroom::config {
namespace {

/// Where the key stands, or else its table.
Place place_of(const Places& places, const Snapshot& snapshot, const std::string& table,
               const std::string& key) {
  for (const std::string& path : {join(table, key), table}) {
    if (const auto found = places.find(path); found != places.end()) {
      return found->second;
    }
  }
  return {snapshot.file.string(), 1, 1};
}

}  // namespace

void warn(const Snapshot& snapshot, const Places& places, std::vector<Problem>& warnings) {
  for (const auto& [name, profile] : snapshot.profiles) {
    if (!profile.auth && profile.allow.empty() && profile.allow_call.empty()) {
      const std::string table = "profiles." + name;
      warnings.push_back({place_of(places, snapshot, table, "auth"), table + ".auth",
                          "auth = false and no allow: whoever reaches it may call without a password"});
    }
  }
}

void check_variables(const Snapshot& snapshot, const Places& places, const Checks& checks,
                     std::vector<Problem>& problems) {
  if (!checks.variable) {
    return;
  }
  for (const auto& [number, extension] : snapshot.extensions) {
    const std::string table = "extensions." + number + ".variables";
    for (const auto& [name, value] : extension.variables) {
      if (std::string what = checks.variable(name, value); !what.empty()) {
        problems.push_back({place_of(places, snapshot, table, name), join(table, name), std::move(what)});
      }
    }
  }
}

}  // namespace switchroom::config
