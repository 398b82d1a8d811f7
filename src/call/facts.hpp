// What an INVITE says, as the variables that the dialplan matches on.
#pragma once

#include "call/variables.hpp"
#include "config/snapshot.hpp"
#include "sip/session/session.hpp"

#include <string>

namespace switchroom::call {

/// The built-in variables of a call that arrived: destination_number, caller_id_number, caller_id_name,
/// network_addr, sip_from_uri, sip_to_uri, sip_call_id, sip_user_agent, domain_name, context …, and the
/// caller's own when it signed in as an extension.
Variables facts_of(const sip::IncomingCall& call, const config::Snapshot& config, const std::string& uuid);

/// The first header of this name, without case; empty when there is none. It stands apart from the variables,
/// so that sip_h_NAME among those is what the dialplan has set, for the legs that are dialled.
std::string header_fact(const sip::Message& invite, std::string_view name);

/// Adds the variables that an extension gives to its calls (accountcode, callgroup, toll_allow …).
void add_extension_facts(Variables& variables, const config::Extension& extension);

}  // namespace switchroom::call
