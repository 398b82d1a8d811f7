// What the disk must have before anything relies on it.
#pragma once

#include <filesystem>

namespace switchroom::base {

/// Waits until the disk has the file's content. What cannot be opened or synced is left to the write that
/// follows or went before, which says what is wrong.
void sync_file(const std::filesystem::path& file);
/// Waits until the disk has the folder's names: a rename or a new name is only safe then.
void sync_folder(const std::filesystem::path& folder);

}  // namespace switchroom::base
