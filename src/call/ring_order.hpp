// Whose turn it is in ring groups that ring round robin.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace switchroom::call {

/// One for the process: it outlives calls and reloads. Call thread.
class RingOrder {
 public:
  /// How many calls the group has had before.
  std::size_t next(const std::string& group) { return turns_[group]++; }

 private:
  std::map<std::string, std::size_t> turns_;
};

}  // namespace switchroom::call
