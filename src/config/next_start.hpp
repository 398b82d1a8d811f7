// The keys that a running process cannot follow: they take effect at its next start.
#pragma once

#include "config/snapshot.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

struct NextStartKey {
  std::string_view path;  // as in keys()
  bool (*differs)(const Snapshot& running, const Snapshot& wanted);
  void (*keep)(const Snapshot& running, Snapshot& wanted);  // wanted has the running value then
};

/// All of them; a test holds them against the sentence "from the next start on" of the reference.
std::span<const NextStartKey> next_start_keys();

/// The keys of these whose values differ, in the order of the reference.
std::vector<std::string> differing_until_next_start(const Snapshot& running, const Snapshot& wanted);
/// `wanted` gets the values that are in force.
void keep_until_next_start(const Snapshot& running, Snapshot& wanted);

}  // namespace switchroom::config
