// Where calls wait: [parking].
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace switchroom::config {

struct Parking {
  std::string number;              // that parks in the first free slot; may be empty
  std::vector<std::string> slots;  // "701-720" as numbers
  std::string context = "default";
  std::chrono::seconds timeout{180};  // zero: for ever
  std::string then;                   // where a call goes that nobody took: NUMBER [CONTEXT]
};

}  // namespace switchroom::config
