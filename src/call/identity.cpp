#include "call/identity.hpp"

#include "call/call.hpp"
#include "sip/anonymous.hpp"

namespace switchroom::call {
namespace {

/// What the leg is told of its own, then what the call says.
std::string first_of(Call& call, const Variables& leg, std::string_view what) {
  for (const char* const prefix : {"origination_", "effective_"}) {
    if (auto value = leg.value(prefix + std::string(what)); !value.empty()) {
      return value;
    }
  }
  auto value = call.variables().value("effective_" + std::string(what));
  return value.empty() ? call.variables().value(what) : value;
}

sip::Address own_identity(Call& call, const Variables& leg) {
  sip::Address identity;
  identity.display = first_of(call, leg, "caller_id_name");
  identity.uri.user = first_of(call, leg, "caller_id_number");
  identity.uri.host = call.config().pbx.domain;
  return identity;
}

// An identity is asserted by us for those who signed in to us; from a trunk we pass on what it asserts.
std::string asserted(Call& call, const Variables& leg, const sip::Message* invite) {
  const bool signed_in = !call.variables().value("accountcode").empty();
  if (!signed_in && invite != nullptr) {
    if (const auto* theirs = invite->header("P-Asserted-Identity")) {
      return *theirs;
    }
  }
  return own_identity(call, leg).text();
}

}  // namespace

bool wants_privacy(const sip::Message& invite, std::string_view account) {
  const sip::Uri& from = invite.from.uri;
  if (from.host == "anonymous.invalid" || (sip::is_anonymous(from) && from.user != account)) {
    return true;
  }
  const auto* privacy = invite.header("Privacy");
  return privacy != nullptr &&
         (privacy->find("id") != std::string::npos || privacy->find("user") != std::string::npos ||
          privacy->find("header") != std::string::npos);
}

void write_identity(Call& call, LegTarget& target) {
  const sip::Message* invite =
      call.has_caller() && call.caller().is_incoming() ? &call.caller().session().invite() : nullptr;
  const bool is_private = invite != nullptr && wants_privacy(*invite, call.account());
  target.call.from = own_identity(call, target.variables);
  target.settings.contact_user = target.call.from.uri.user;
  target.settings.session_expires = target.profile->session_timeout;
  target.settings.min_se = target.profile->min_session_timeout;
  auto& extra = target.settings.extra_headers;
  if (target.profile->caller_identity == "pass") {
    extra.push_back({"P-Asserted-Identity", asserted(call, target.variables, invite)});
    if (invite != nullptr) {
      for (const auto& header : invite->headers) {
        if (header.name == "Diversion" || header.name == "Privacy") {
          extra.push_back(header);
        }
      }
    }
  } else if (is_private) {
    extra.push_back({"Privacy", "id"});
  }
  if (is_private) {
    target.call.from = {};
    target.call.from.display = "Anonymous";
    target.call.from.uri.user = "anonymous";
    target.call.from.uri.host = "anonymous.invalid";
    target.settings.contact_user = "anonymous";
  }
  if (invite != nullptr) {
    target.call.max_forwards = invite->max_forwards.value_or(70) - 1;  // 0 was refused with 483
  }
}

}  // namespace switchroom::call
