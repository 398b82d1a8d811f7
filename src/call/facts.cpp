#include "call/facts.hpp"

#include <cctype>

namespace switchroom::call {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ",") + word;
  }
  return text;
}

bool is_private_header(const std::string& name) {
  return name.size() > 2 && (name[0] == 'X' || name[0] == 'x' || name[0] == 'P' || name[0] == 'p') &&
         name[1] == '-';
}

}  // namespace

void add_extension_facts(Variables& variables, const config::Extension& extension) {
  variables.set("accountcode", extension.accountcode.empty() ? extension.number : extension.accountcode);
  variables.set("callgroup", joined(extension.groups));
  variables.set("toll_allow", joined(extension.toll_allow));
  variables.set("effective_caller_id_name", extension.name);
  variables.set("effective_caller_id_number", extension.number);
  variables.set("outbound_caller_id_number", extension.caller_id);
  for (const auto& [name, value] : extension.variables) {
    variables.set(name, value);
  }
}

Variables facts_of(const sip::IncomingCall& call, const config::Snapshot& config, const std::string& uuid) {
  const sip::Message& invite = call.invite;
  Variables variables;
  variables.set("uuid", uuid);
  variables.set("destination_number", invite.request_uri.user);
  variables.set("caller_id_number", invite.from.uri.user);
  variables.set("caller_id_name", invite.from.display.empty() ? invite.from.uri.user : invite.from.display);
  variables.set("network_addr", call.from.remote.address.to_string());
  variables.set("sip_from_uri", invite.from.uri.text());
  variables.set("sip_to_uri", invite.to.uri.text());
  variables.set("sip_req_uri", invite.request_uri.text());
  variables.set("sip_call_id", invite.call_id);
  variables.set("sip_profile", call.profile);
  variables.set("domain_name", config.pbx.domain);
  if (const auto* agent = invite.header("User-Agent")) {
    variables.set("sip_user_agent", *agent);
  }
  for (const auto& header : invite.headers) {
    if (is_private_header(header.name)) {
      variables.set("sip_h_" + header.name, header.value);
    }
  }
  const auto profile = config.profiles.find(call.profile);
  std::string context = profile == config.profiles.end() ? std::string("default") : profile->second.context;
  if (const auto own = config.extensions.find(call.authenticated_user); own != config.extensions.end()) {
    add_extension_facts(variables, own->second);
    variables.set("caller_id_number", own->second.number);
    variables.set("caller_id_name", own->second.name.empty() ? invite.from.display : own->second.name);
    if (!own->second.context.empty()) {
      context = own->second.context;
    }
  }
  variables.set("context", context);
  return variables;
}

}  // namespace switchroom::call
