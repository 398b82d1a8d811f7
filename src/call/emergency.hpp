// Calls that nothing may stand in the way of.
#pragma once

#include "config/snapshot.hpp"
#include "sip/session/session.hpp"

#include <string>

namespace switchroom::registrar {
class Registrar;
}

namespace switchroom::call {

class Call;

/// The extension whose phone this is: it has signed in, or its registration came from the very place that the
/// INVITE comes from (on a profile that does not challenge). Empty for anybody else.
std::string own_phone(const sip::IncomingCall& call, const registrar::Registrar& registrar);

/// Is the call, at `number` now, an emergency call of one of our own phones?
bool is_emergency(const Call& call, const std::string& number);

}  // namespace switchroom::call
