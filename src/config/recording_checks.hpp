// What is judged of [recording] and of `record_path` when everything has been read.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Makes the folders absolute and adds what is wrong to `problems`.
void complete_recording(Snapshot& snapshot, const Places& places, const Checks& checks,
                        std::vector<Problem>& problems);

/// The path below the folder that a recording's path as written means: one inside the folder, or one of those
/// that FreeSWITCH's dialplans have (/var/lib/freeswitch/recordings/…), loses what stands before. Nothing for
/// any other absolute path.
std::optional<std::string_view> below_recordings(std::string_view path, const Recording& recording);

/// Why no call could be recorded there, or empty. Variables may still be in it.
std::string wrong_recording_path(std::string_view path, const Recording& recording);

}  // namespace switchroom::config
