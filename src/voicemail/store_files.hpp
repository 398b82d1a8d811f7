// Files of the store, moved so that a crash at any instant loses none. On the store's thread.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace switchroom::voicemail {

base::Error failure(std::string_view doing, const std::filesystem::path& file, const std::error_code& why);
/// With those above it; nobody else may look inside.
base::result<void> make_folder(const std::filesystem::path& folder);
/// Moves the file; good, too, where a crash came after an earlier move.
base::result<void> move_into(const std::filesystem::path& from, const std::filesystem::path& to);
/// A second name for the same sound, or a copy where the file system has no such thing.
base::result<void> link_or_copy(const std::filesystem::path& source, const std::filesystem::path& target);

/// The list beside a recording of all mailboxes that it is for, where there are several.
std::filesystem::path addresses_of(const std::filesystem::path& recording);
std::vector<std::string> read_addresses(const std::filesystem::path& recording);

}  // namespace switchroom::voicemail
