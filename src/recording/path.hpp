// From a path as somebody wrote it to a file below the recordings folder.
#pragma once

#include "base/result.hpp"
#include "config/recording_settings.hpp"

#include <string>
#include <string_view>

namespace switchroom::call {
class Call;
}

namespace switchroom::recording {

/// A variable's value as part of a file's name: no slash, no control character, no dot in front. What a
/// caller says of himself makes no folders.
std::string as_name(std::string_view value);

/// The path below the folder, whatever stands in it: parts that are "." or ".." or too long are made
/// harmless, an ending that is no format gets ".wav" behind it. The error: an absolute path elsewhere, or
/// nothing left.
base::result<std::string> below_folder(std::string_view path, const config::Recording& recording);

/// Replaces the variables of a template with as_name() of their values (times and `$${global}` ones as they
/// are), and does the above.
base::result<std::string> named_file(const call::Call& call, std::string_view path);

}  // namespace switchroom::recording
