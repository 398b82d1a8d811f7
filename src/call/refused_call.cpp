#include "call/refused_call.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "call/ending.hpp"
#include "call/facts.hpp"

#include <fmt/core.h>

namespace switchroom::call {

std::string who_calls_whom(const sip::IncomingCall& call) {
  const std::string& caller =
      call.authenticated_user.empty() ? call.invite.from.uri.user : call.authenticated_user;
  return fmt::format("{} to {} from {}{}", caller.empty() ? "somebody" : caller, call.invite.request_uri.user,
                     call.from.remote.address.to_string(),
                     call.trunk.empty() ? "" : " by trunk " + call.trunk);
}

cdr::Record record_of_refused(const sip::IncomingCall& call, const config::Snapshot& config, int status) {
  const sip::Cause& cause = cause_by_name("SWITCH_CONGESTION");
  cdr::Record record;
  record.uuid = base::random_uuid();
  const Variables facts = facts_of(call, config, record.uuid);
  record.caller_id_name = facts.value("caller_id_name");
  record.caller_id_number = facts.value("caller_id_number");
  record.destination_number = facts.value("destination_number");
  record.context = facts.value("context");
  record.accountcode = facts.value("accountcode");
  record.start = base::wall_now();
  record.end = record.start;
  record.hangup_cause = cause.name;
  record.hangup_cause_q850 = cause.q850;
  record.sip_status = status;
  record.sip_hangup_disposition = "send_refuse";
  record.hung_up_by = "switchroom";
  record.sip_from_uri = call.invite.from.uri.text();
  record.sip_to_uri = call.invite.to.uri.text();
  record.sip_call_id = call.invite.call_id;
  record.network_addr = call.from.remote.address.to_string();
  return record;
}

}  // namespace switchroom::call
