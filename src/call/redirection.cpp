// Where a called phone sends the call instead (3xx).
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/targets.hpp"

#include <algorithm>

namespace switchroom::call {
namespace {

bool is_own_host(Call& call, const std::string& host) {
  if (host == call.config().pbx.domain) {
    return true;
  }
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  const auto listeners = call.services().endpoint.transports().listeners();
  return !ec && std::any_of(listeners.begin(), listeners.end(), [&](const sip::Listener& listener) {
    return listener.local.address == address || listener.advertised.address == address;
  });
}

}  // namespace

dialplan::DialRound redirection_of(Call& call, const sip::SessionEnd& end) {
  dialplan::DialRound round;
  for (const auto& contact : end.redirects) {
    const bool ours = contact.uri.is_sip() && is_own_host(call, contact.uri.host) &&
                      call.config().extensions.contains(contact.uri.user);
    if (ours) {
      round.push_back({dialplan::DialTarget::Kind::user, contact.uri.user, {}, {}, {}});
    } else {
      log::line(log::Level::info, log::Subsystem::call, call.uuid(),
                "a phone wants its call at {}, which is no extension of this exchange: not followed",
                contact.uri.text());
    }
  }
  return round;
}

}  // namespace switchroom::call
