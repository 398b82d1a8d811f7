// [tolls] and its kin at extensions, trunks and routes: what is wrong, and what they become.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Fills in the country, and judges words, hours and addresses. Hours that calls to the outside are bound to
/// become entries of toll_hours_context, each of which matches its own name while it is open. After the
/// trunks are complete, before the dialplan is checked.
void complete_tolls(Snapshot& snapshot, const Places& places, const Checks& checks,
                    std::vector<Problem>& problems);

/// A name with a blank, which no file can have.
inline constexpr const char* toll_hours_context = "toll hours";
/// `toll_hours` of an extension that may call the outside at any time.
inline constexpr const char* always = "always";

}  // namespace switchroom::config
