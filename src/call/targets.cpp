// Whom a dial string names.
#include "call/targets.hpp"

#include "base/log.hpp"
#include "call/barred.hpp"
#include "call/call.hpp"
#include "call/identity.hpp"
#include "call/shared.hpp"
#include "call/trunk_targets.hpp"
#include "registrar/registrar.hpp"
#include "sip/transport/resolver.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

Ending named(std::string_view cause) { return {cause_by_name(cause), 0, {}, "switchroom"}; }

// The profile that a call leaves by: that of the target, of the variable, that the caller came by, the first
// one.
const config::Profile* leaving_profile(Call& call, const std::string& wanted) {
  const auto& profiles = call.config().profiles;
  if (const auto own = profiles.find(wanted); own != profiles.end()) {
    return &own->second;
  }
  if (const auto own = profiles.find(call.variables().value("sip_profile")); own != profiles.end()) {
    return &own->second;
  }
  return profiles.empty() ? nullptr : &profiles.begin()->second;
}

std::optional<LegTarget> target_of(Call& call, const registrar::Binding& binding,
                                   const Variables& variables) {
  const auto profile = call.config().profiles.find(binding.profile);
  auto uri = sip::parse_uri(binding.contact);
  if (profile == call.config().profiles.end() || !uri) {
    return std::nullopt;
  }
  LegTarget target;
  target.label = "user/" + binding.extension;
  target.extension = binding.extension;
  target.profile = &profile->second;
  if (const auto own = call.config().extensions.find(binding.extension);
      own != call.config().extensions.end()) {
    target.encryption = {own->second.srtp, own->second.srtp_keys};
  }
  // The phone is reached where its REGISTER came from, whatever address it wrote into its Contact.
  target.call.to.kind = sip::transport_named(binding.transport);
  target.call.to.remote = binding.source;
  target.call.to.connection = binding.connection;
  target.call.route = sip::route_of(binding.path);
  if (target.call.to.kind == sip::TransportKind::tcp && binding.connection == 0) {
    // A connection that did not survive a restart is made again.
    target.call.to.remote = sip::reconnect_to(*uri, target.call.route, binding.source);
  }
  if (target.call.to.kind == sip::TransportKind::tls && binding.connection == 0) {
    return std::nullopt;  // no certificate could prove that it is the phone who listens there
  }
  const auto& transports = call.services().endpoint.transports();
  const auto* listener = transports.listener_at(binding.profile, target.call.to.kind, binding.local);
  if (listener == nullptr) {
    listener = transports.listener_of(binding.profile, target.call.to.kind, binding.source.address.is_v6());
  }
  if (listener == nullptr) {
    return std::nullopt;
  }
  target.call.to.listener = listener->id;
  target.call.request_uri = std::move(*uri);
  target.call.extension = binding.extension;
  target.call.instance = binding.instance;
  target.call.to_header.uri.user = binding.extension;
  target.call.to_header.uri.host = call.config().pbx.domain;
  complete_target(call, target, variables);
  return target;
}

void add_extension(Call& call, const std::string& number, const Variables& variables, Targets& targets) {
  if (!call.config().extensions.contains(number)) {
    log::line(Level::info, Subsystem::call, call.uuid(), "there is no extension {}", number);
    targets.fail(named("UNALLOCATED_NUMBER"));
    return;
  }
  const auto bindings = call.services().registrar.find(number);
  for (const auto& binding : bindings) {
    if (auto target = target_of(call, binding, variables)) {
      targets.legs.push_back(std::move(*target));
    }
  }
  if (bindings.empty()) {
    log::line(Level::info, Subsystem::call, call.uuid(), "extension {} has no phone registered", number);
    targets.fail(named("USER_NOT_REGISTERED"));
  }
}

/// The trunk with this host: a call there costs what a call by the trunk does, however it is written.
std::string trunk_at(Call& call, const std::string& host) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  for (const auto& [name, trunk] : call.config().trunks) {
    if (std::ranges::equal(trunk.host, host, same)) {
      return name;
    }
  }
  return {};
}

awaitable<void> add_uri(Call& call, dialplan::DialTarget what, Variables variables, Targets* targets) {
  const std::string& text = what.name;
  const auto uri = sip::parse_uri(text);
  const config::Profile* profile = leaving_profile(call, what.profile);
  if (!uri || !uri->is_sip() || profile == nullptr) {
    log::line(Level::warning, Subsystem::call, call.uuid(), "\"{}\" is not an address that can be called",
              text);
    targets->fail(named("INVALID_NUMBER_FORMAT"));
    co_return;
  }
  const auto places = co_await call.services().resolver.resolve(*uri);
  if (!places || places->empty()) {
    log::line(Level::warning, Subsystem::call, call.uuid(), "{} cannot be found: {}", text,
              places ? "no address" : places.error().what);
    targets->fail(named("NO_ROUTE_DESTINATION"));
    co_return;
  }
  for (const auto& place : *places) {
    const auto* listener = call.services().endpoint.transports().listener_of(profile->name, place.kind,
                                                                             place.endpoint.address.is_v6());
    if (listener == nullptr) {
      continue;
    }
    LegTarget target;
    target.label = text;
    target.profile = profile;
    if (const std::string trunk = trunk_at(call, uri->host); !trunk.empty()) {
      auto verdict = call.services().shared.tolls->admit(call, trunk, uri->user, variables);
      if (!verdict.allowed) {
        targets->fail(barred());
        co_return;
      }
      target.trunk = trunk;
      target.toll = std::move(verdict.toll);
    }
    target.call.to = {place.kind, listener->id, place.endpoint, 0};
    if (place.kind == sip::TransportKind::tls) {
      call.services().endpoint.transports().expect_at(place.endpoint, {uri->host, true});
    }
    target.call.request_uri = *uri;
    target.call.to_header.uri = *uri;
    target.call.to_header.uri.parameters = {};
    complete_target(call, target, std::move(variables));
    targets->legs.push_back(std::move(target));
    co_return;
  }
  log::line(Level::warning, Subsystem::call, call.uuid(), "profile {} has no listener that reaches {}",
            profile->name, text);
  targets->fail(named("NETWORK_OUT_OF_ORDER"));
}

/// What is no phone and no address; its failure says why nobody is rung.
void refuse_target(Call& call, const dialplan::DialTarget& what, Targets& targets) {
  using Kind = dialplan::DialTarget::Kind;
  if (what.kind == Kind::error) {
    targets.fail(named(what.name));
    return;
  }
  const char* const why =
      what.kind == Kind::group ? "there is nobody in group {}" : "\"{}\" is nobody who can be called";
  log::line(Level::warning, Subsystem::call, call.uuid(), "{}", fmt::format(fmt::runtime(why), what.name));
  targets.fail(named("NO_ROUTE_DESTINATION"));
}

}  // namespace

void Targets::fail(const Ending& ending) {
  if (!failure || is_better_failure(ending, *failure)) {
    failure = ending;
  }
}

awaitable<Targets> find_targets(Call& call, dialplan::DialRound round, dialplan::Assignments for_all) {
  using Kind = dialplan::DialTarget::Kind;
  Targets targets;
  for (auto& what : round) {
    if (targets.legs.size() >= dialplan::most_targets) {
      break;
    }
    auto variables = leg_variables(call, for_all, what.variables);
    switch (what.kind) {
      case Kind::user: add_extension(call, what.name, variables, targets); break;
      case Kind::uri: co_await add_uri(call, std::move(what), std::move(variables), &targets); break;
      case Kind::trunk:
        co_await find_trunk_targets(call, {what.name, what.number}, std::move(variables), &targets);
        break;
      default: refuse_target(call, what, targets);
    }
  }
  if (targets.legs.empty() && !targets.failure) {
    targets.fail(named("NO_ROUTE_DESTINATION"));
  }
  co_return targets;
}

const config::Extension* extension_called(std::string_view dial_string, const config::Snapshot& config) {
  const auto what = dialplan::parse_dial_string(dial_string);
  if (!what || what->rounds.size() != 1 || what->rounds.front().size() != 1 ||
      what->rounds.front().front().kind != dialplan::DialTarget::Kind::user) {
    return nullptr;
  }
  const auto found = config.extensions.find(what->rounds.front().front().name);
  return found == config.extensions.end() ? nullptr : &found->second;
}

}  // namespace switchroom::call
