// Whom a dial string names.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/dial.hpp"
#include "call/identity.hpp"
#include "registrar/registrar.hpp"
#include "sip/transport/resolver.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::size_t most_targets = 50;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto part = trimmed(text.substr(0, comma)); !part.empty()) {
      parts.emplace_back(part);
    }
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

// "user/1002" and "user/1002@domain" name an extension.
std::optional<std::string> extension_in(std::string_view target) {
  if (!target.starts_with("user/")) {
    return std::nullopt;
  }
  target.remove_prefix(5);
  return std::string(target.substr(0, target.find('@')));
}

Ending named(std::string_view cause) { return {cause_by_name(cause), 0, {}, "switchroom"}; }

// The profile that a call leaves by: that of the variable, that the caller came by, the first one.
const config::Profile* leaving_profile(Call& call) {
  const auto& profiles = call.config().profiles;
  if (const auto own = profiles.find(call.variables().value("sip_profile")); own != profiles.end()) {
    return &own->second;
  }
  return profiles.empty() ? nullptr : &profiles.begin()->second;
}

// A connection that did not survive a restart is made again, to where the phone says that it listens.
void reconnect(LegTarget& target, const sip::Uri& contact) {
  error_code ec;
  const auto address = asio::ip::make_address(contact.host, ec);
  if (!ec) {
    target.call.to.remote = {address, contact.port == 0 ? std::uint16_t{5060} : contact.port};
  }
}

std::optional<LegTarget> target_of(Call& call, const registrar::Binding& binding) {
  const auto profile = call.config().profiles.find(binding.profile);
  auto uri = sip::parse_uri(binding.contact);
  if (profile == call.config().profiles.end() || !uri) {
    return std::nullopt;
  }
  LegTarget target;
  target.label = "user/" + binding.extension;
  target.profile = &profile->second;
  // The phone is reached where its REGISTER came from, whatever address it wrote into its Contact.
  target.call.to.kind = binding.transport == "TCP" ? sip::TransportKind::tcp : sip::TransportKind::udp;
  target.call.to.remote = binding.source;
  target.call.to.connection = binding.connection;
  if (target.call.to.kind == sip::TransportKind::tcp && binding.connection == 0) {
    reconnect(target, *uri);
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
  target.call.to_header.uri.user = binding.extension;
  target.call.to_header.uri.host = call.config().pbx.domain;
  write_identity(call, target);
  return target;
}

void add_extension(Call& call, const std::string& number, Targets& targets) {
  if (!call.config().extensions.contains(number)) {
    log::line(Level::info, Subsystem::call, call.uuid(), "there is no extension {}", number);
    targets.failure = named("UNALLOCATED_NUMBER");
    return;
  }
  const auto bindings = call.services().registrar.find(number);
  for (const auto& binding : bindings) {
    if (auto target = target_of(call, binding)) {
      targets.legs.push_back(std::move(*target));
    }
  }
  if (bindings.empty()) {
    log::line(Level::info, Subsystem::call, call.uuid(), "extension {} has no phone registered", number);
    targets.failure = named("USER_NOT_REGISTERED");
  }
}

awaitable<void> add_uri(Call& call, std::string text, Targets* targets) {
  const auto uri = sip::parse_uri(text);
  const config::Profile* profile = leaving_profile(call);
  if (!uri || !uri->is_sip() || profile == nullptr) {
    log::line(Level::warning, Subsystem::call, call.uuid(), "\"{}\" is not an address that can be called",
              text);
    targets->failure = named("INVALID_NUMBER_FORMAT");
    co_return;
  }
  const auto places = co_await call.services().resolver.resolve(*uri);
  if (!places || places->empty()) {
    log::line(Level::warning, Subsystem::call, call.uuid(), "{} cannot be found: {}", text,
              places ? "no address" : places.error().what);
    targets->failure = named("NO_ROUTE_DESTINATION");
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
    target.call.to = {place.kind, listener->id, place.endpoint, 0};
    target.call.request_uri = *uri;
    target.call.to_header.uri = *uri;
    target.call.to_header.uri.parameters = {};
    write_identity(call, target);
    targets->legs.push_back(std::move(target));
    co_return;
  }
  log::line(Level::warning, Subsystem::call, call.uuid(), "profile {} has no listener that reaches {}",
            profile->name, text);
  targets->failure = named("NETWORK_OUT_OF_ORDER");
}

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

awaitable<Targets> find_targets(Call& call, std::string dial_string) {
  Targets targets;
  const auto parts = split(dial_string);
  for (const auto& part : parts) {
    if (targets.legs.size() >= most_targets) {
      break;
    }
    if (const auto number = extension_in(part)) {
      add_extension(call, *number, targets);
    } else {
      co_await add_uri(call, part, &targets);
    }
  }
  if (targets.legs.empty() && !targets.failure) {
    targets.failure = named("NO_ROUTE_DESTINATION");
  }
  co_return targets;
}

std::string redirection_of(Call& call, const sip::SessionEnd& end) {
  std::string dial_string;
  for (const auto& contact : end.redirects) {
    const bool ours = contact.uri.is_sip() && is_own_host(call, contact.uri.host) &&
                      call.config().extensions.contains(contact.uri.user);
    if (ours) {
      dial_string += (dial_string.empty() ? "user/" : ",user/") + contact.uri.user;
    } else {
      log::line(Level::info, Subsystem::call, call.uuid(),
                "a phone wants its call at {}, which is no extension of this exchange: not followed",
                contact.uri.text());
    }
  }
  return dial_string;
}

const config::Extension* extension_called(std::string_view target, const config::Snapshot& config) {
  const auto number = extension_in(target);
  const auto found = number ? config.extensions.find(*number) : config.extensions.end();
  return found == config.extensions.end() ? nullptr : &found->second;
}

std::string check_dial_string(std::string_view dial_string) {
  const auto parts = split(dial_string);
  if (parts.empty()) {
    return "it needs somebody to call: user/1002 or sip:name@host";
  }
  for (const auto& part : parts) {
    const bool computed = part.find("${") != std::string::npos || part.find('$') != std::string::npos;
    if (computed || extension_in(part)) {
      continue;
    }
    if (const auto uri = sip::parse_uri(part); !uri || !uri->is_sip()) {
      return fmt::format("\"{}\" is neither user/NUMBER nor sip:name@host", part);
    }
  }
  return {};
}

}  // namespace switchroom::call
