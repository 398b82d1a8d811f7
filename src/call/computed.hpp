// Variables that are worked out when they are asked for.
#pragma once

#include "call/variables.hpp"
#include "config/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchroom::call {

/// strftime(FORMAT) in the local zone, strepoch (seconds since 1970), is_extension (`true` while the dialled
/// number is one of [extensions]); nullopt for any other name.
std::optional<std::string> computed_value(std::string_view name, const Variables& variables,
                                          const config::Snapshot& config);

}  // namespace switchroom::call
