#include "call/emergency.hpp"

#include "call/call.hpp"
#include "registrar/registrar.hpp"

#include <algorithm>

namespace switchroom::call {

std::string own_phone(const sip::IncomingCall& call, const registrar::Registrar& registrar) {
  if (!call.authenticated_user.empty() || !call.trunk.empty()) {
    return call.authenticated_user;
  }
  for (const auto& binding : registrar.all()) {
    if (binding.source == call.from.remote) {
      return binding.extension;
    }
  }
  return {};
}

bool is_emergency(const Call& call, const std::string& number) {
  return !call.account().empty() && call.config().emergency.has(number);
}

}  // namespace switchroom::call
