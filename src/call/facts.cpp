#include "call/facts.hpp"

#include <fmt/core.h>

#include <algorithm>
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

/// A number is one word of an application's argument: `transfer $1 XML public` must not be led into another
/// context by a blank that somebody has dialled as %20.
std::string one_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    word += byte <= ' ' || byte == 127 ? fmt::format("%{:02X}", byte) : std::string(1, c);
  }
  return word;
}

void add_address_facts(Variables& variables, const std::string& prefix, const sip::Uri& uri) {
  variables.set(prefix + "_uri", uri.text());
  variables.set(prefix + "_user", uri.user);
  variables.set(prefix + "_host", uri.host);
  variables.set(prefix + "_port", uri.port == 0 ? "" : std::to_string(uri.port));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

void add_extension_facts(Variables& variables, const config::Extension& extension) {
  variables.set("accountcode", extension.accountcode.empty() ? extension.number : extension.accountcode);
  variables.set("callgroup", joined(extension.groups));
  variables.set("toll_allow", joined(extension.toll_allow));
  variables.set("effective_caller_id_name", extension.name);
  variables.set("effective_caller_id_number", extension.number);
  variables.set("outbound_caller_id_number", extension.caller_id);
  variables.set("outbound_caller_id_name", extension.caller_id_name);
  for (const auto& [name, value] : extension.variables) {
    variables.set(name, value);
  }
}

Variables facts_of(const sip::IncomingCall& call, const config::Snapshot& config, const std::string& uuid) {
  const sip::Message& invite = call.invite;
  Variables variables;
  variables.set("uuid", uuid);
  variables.set("destination_number", one_word(invite.request_uri.user));
  variables.set("caller_id_number", invite.from.uri.user);
  variables.set("caller_id_name", invite.from.display.empty() ? invite.from.uri.user : invite.from.display);
  variables.set("network_addr", call.from.remote.address.to_string());
  variables.set("network_port", std::to_string(call.from.remote.port));
  add_address_facts(variables, "sip_from", invite.from.uri);
  add_address_facts(variables, "sip_to", invite.to.uri);
  add_address_facts(variables, "sip_req", invite.request_uri);
  variables.set("sip_from_display", invite.from.display);
  variables.set("sip_call_id", invite.call_id);
  variables.set("sip_profile", call.profile);
  variables.set("domain_name", config.pbx.domain);
  if (const auto* agent = invite.header("User-Agent")) {
    variables.set("sip_user_agent", *agent);
  }
  const auto profile = config.profiles.find(call.profile);
  std::string context = profile == config.profiles.end() ? std::string("default") : profile->second.context;
  if (const auto own = config.extensions.find(call.authenticated_user); own != config.extensions.end()) {
    add_extension_facts(variables, own->second);
    variables.set("user_name", own->second.number);
    variables.set("sip_auth_username", own->second.number);
    variables.set("caller_id_number", own->second.number);
    variables.set("caller_id_name", own->second.name.empty() ? invite.from.display : own->second.name);
    if (!own->second.context.empty()) {
      context = own->second.context;
    }
  }
  if (const auto trunk = config.trunks.find(call.trunk); trunk != config.trunks.end()) {
    variables.set("trunk", call.trunk);
    variables.set("sip_gateway", call.trunk);
    context = trunk->second.context;
    // A carrier that dials the contact which it was given tells the number in To alone.
    const std::string& account = trunk->second.username;
    if (!account.empty() && invite.request_uri.user == account && !invite.to.uri.user.empty()) {
      variables.set("destination_number", invite.to.uri.user);
    }
  }
  variables.set("context", context);
  variables.set("user_context", context);
  return variables;
}

std::string header_fact(const sip::Message& invite, std::string_view name) {
  if (const auto* other = invite.header(name)) {
    return *other;
  }
  if (same_name(name, "From")) return invite.from.text();
  if (same_name(name, "To")) return invite.to.text();
  if (same_name(name, "Call-ID")) return invite.call_id;
  if (same_name(name, "Content-Type")) return invite.content_type;
  if (same_name(name, "Contact") && !invite.contact.empty()) return invite.contact.front().text();
  if (same_name(name, "Max-Forwards") && invite.max_forwards) return std::to_string(*invite.max_forwards);
  return {};
}

}  // namespace switchroom::call
