// A value of the file as the type of its key wants it.
#pragma once

#include "config/keys.hpp"
#include "config/vars.hpp"

#include <functional>
#include <optional>

namespace switchroom::config {

/// Hears each thing that is wrong with a value, and where.
using Complain = std::function<void(const Place& place, std::string what)>;

/// Nothing when it is wrong, after telling `complain`. Reads a file for Type::secret_file and the
/// environment for Type::secret; otherwise pure. What it says never holds a password.
std::optional<Value> read_value(const Key& key, const Node& node, const Vars& vars, const Complain& complain);

/// The node that a key's default stands for, as if it had been written at `place`.
Node fallback_node(const Key& key, const Place& place);

/// "one of opus, G722": the words of a `word` or `words` key that this version has.
std::vector<std::string> built_words(std::string_view allowed);

/// A path as seen from the folder of the file at `place`.
std::filesystem::path seen_from(const Place& place, std::string_view path);

}  // namespace switchroom::config
