// What can only be judged when everything has been read: references, doubles, contradictions.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Makes data_dir absolute and judges the records' files in it. Before complete(), for which that folder is
/// the one in force.
void complete_data_dir(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems);
/// Adds what is wrong with the whole to `problems`, and fills in what follows from other keys (the
/// domain, absolute paths, the media addresses, the variables of extensions).
void complete(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems);
/// Asks the other rooms about actions and conditions, each at its place.
void check_hold_music(const Snapshot& snapshot, const Places& places, const Checks& checks,
                      std::vector<Problem>& problems);
void check_speech_and_music(const Snapshot& snapshot, const Places& places, const Checks& checks,
                            std::vector<Problem>& problems);
void check_dialplan(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems);

}  // namespace switchroom::config
