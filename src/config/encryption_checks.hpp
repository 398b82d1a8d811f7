// What can only be judged when everything has been read, of encryption.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Also completes paths. After complete().
void check_encryption(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems);

}  // namespace switchroom::config
