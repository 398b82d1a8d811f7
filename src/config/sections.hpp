// What the short sections become: entries of the dialplan, behind those that were written by hand.
#pragma once

#include "config/document.hpp"
#include "config/snapshot.hpp"

#include <vector>

namespace switchroom::config {

/// Adds the entries of [ring_groups] and [menus] to their contexts. A context "default" that nobody wrote is
/// made, in which extensions call each other. Two that claim the same number are a problem.
void add_sections(Snapshot& snapshot, std::vector<Problem>& problems);

}  // namespace switchroom::config
