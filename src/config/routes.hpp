// The ways to the outside world and in from there: what is wrong with them, and which entries of the dialplan
// they become.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

/// Fills in what a trunk does not say (profile, context, names), and judges it by itself.
void complete_trunks(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems);
/// [[inbound]], [[outbound]] and [emergency] become entries of the dialplan, behind those that stand there. A
/// context that the trunks' calls enter is made when nobody wrote it.
void add_routes(Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems);
/// Each trunk's copy of its profile; when those are complete.
void give_trunks_profiles(Snapshot& snapshot);
/// References of the routes to the rest, when all entries are there.
void check_routes(const Snapshot& snapshot, const Checks& checks, std::vector<Problem>& problems);

/// A pattern for all spellings of a number that carriers use: "+15551234567" with +, 00, 011 or nothing
/// before it, and its ten national digits; a number without + as it is, or behind one. Pure.
std::string did_pattern_of(const std::string& did);

/// The context whose entries play a notice to those whom an emergency call is told to.
inline constexpr const char* emergency_notice_context = "emergency-notice";

}  // namespace switchroom::config
