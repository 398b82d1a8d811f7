// Where a called phone sends the call instead (3xx).
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/outside_way.hpp"
#include "call/targets.hpp"
#include "call/trunk_targets.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace switchroom::call {
namespace {

/// The domain, or an address of ours: of a listener, or the one that this phone speaks to.
bool is_own_host(Call& call, const Leg& leg, const std::string& host) {
  if (host == call.config().pbx.domain) {
    return true;
  }
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  const base::IpAddress& spoken_to = leg.session().flow().local;
  if (!ec && !spoken_to.is_unspecified() && address == spoken_to) {
    return true;  // behind a listener for any address it is in no list
  }
  const auto listeners = call.services().endpoint.transports().listeners();
  return !ec && std::any_of(listeners.begin(), listeners.end(), [&](const sip::Listener& listener) {
    return listener.local.address == address || listener.advertised.address == address;
  });
}

bool has_word(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// The number by the first trunk that is up of the way on which the extension would dial it; none, with a
/// line in the log, when there is no way or the extension may not go it. Whether it may call that number is
/// the gate's matter.
std::optional<dialplan::DialTarget> target_outside(Call& call, const std::string& forwarder,
                                                   const std::string& number) {
  const auto found = call.config().extensions.find(forwarder);
  if (found == call.config().extensions.end() || !found->second.tolls.forward_outside) {
    log::line(log::Level::warning, log::Subsystem::call, call.uuid(),
              "the phone of {} wants its call at {}, which is no extension of this exchange: not followed; "
              "to allow "
              "it to send calls outside, write forward_outside = true in [extensions.{}] of {}",
              forwarder, number, forwarder, call.config().file.string());
    return std::nullopt;
  }
  const auto ways =
      ways_outside(call.config(), call.dialplan(),
                   as_dialled(call.config(), forwarder, number,
                              dialling_context(call.config(), call.services().registrar, forwarder)));
  if (ways.empty()) {
    log::line(log::Level::warning, log::Subsystem::call, call.uuid(),
              "the phone of {} wants its call at {}, which leads to no trunk: not followed", forwarder,
              number);
    return std::nullopt;
  }
  const OutsideWay& way = ways.front();
  dialplan::DialTarget target;
  target.kind = dialplan::DialTarget::Kind::trunk;
  target.name = way.trunks.front();
  target.number = way.number;
  target.variables.emplace_back("forwarded_by", forwarder);
  if (way.route != nullptr) {
    if (!way.route->needs.empty() && !has_word(found->second.toll_allow, way.route->needs)) {
      log::line(log::Level::warning, log::Subsystem::call, call.uuid(),
                "the phone of {} wants its call at {}: not followed, its toll_allow has no \"{}\"", forwarder,
                number, way.route->needs);
      return std::nullopt;
    }
    target.name = good_trunks_first(call, way.route->trunks).front();
    target.variables.emplace_back("outbound_route", way.route->name);
    if (!way.route->caller_id.empty()) {
      target.variables.emplace_back("effective_caller_id_number", way.route->caller_id);
    }
  }
  return target;
}

}  // namespace

dialplan::DialRound redirection_of(Call& call, const Leg& leg) {
  dialplan::DialRound round;
  for (const auto& contact : leg.end()->redirects) {
    const bool here = contact.uri.is_sip() && is_own_host(call, leg, contact.uri.host);
    if (here && call.config().extensions.contains(contact.uri.user)) {
      round.push_back({dialplan::DialTarget::Kind::user, contact.uri.user, {}, {}, {}});
    } else if (here && !leg.extension().empty()) {
      if (auto outside = target_outside(call, leg.extension(), contact.uri.user)) {
        round.push_back(std::move(*outside));
      }
    } else {
      log::line(log::Level::info, log::Subsystem::call, call.uuid(),
                "a phone wants its call at {}, which is no extension of this exchange: not followed",
                contact.uri.text());
    }
  }
  return round;
}

}  // namespace switchroom::call
