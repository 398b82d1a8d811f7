// A recorded message as MP3, for mail.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace switchroom::main {

/// In the calling thread (that of mail): a minute of sound takes some tenths of a second. By way of a file
/// in `folder`, which goes again.
base::result<std::string> mp3_of(const std::filesystem::path& wav, const std::filesystem::path& folder);

}  // namespace switchroom::main
