// A call as data for people and programs.
#pragma once

#include "call/call.hpp"

#include <boost/json/object.hpp>

namespace switchroom::main {

/// A row of `pbxctl calls`.
boost::json::object summary_of(call::Call& call);
/// `pbxctl call show`: both legs with their sound.
boost::json::object details_of(call::Call& call);

}  // namespace switchroom::main
