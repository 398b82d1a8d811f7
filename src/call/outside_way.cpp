#include "call/outside_way.hpp"

#include "base/clock.hpp"
#include "call/computed.hpp"
#include "call/facts.hpp"
#include "dialplan/dial_string.hpp"
#include "registrar/registrar.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

void add_route(std::vector<OutsideWay>& ways, const config::Snapshot& config, const std::string& argument) {
  const auto blank = argument.rfind(' ');
  const auto route =
      std::ranges::find(config.outbound, argument.substr(0, blank), &config::OutboundRoute::name);
  if (blank == std::string::npos || route == config.outbound.end()) {
    return;
  }
  OutsideWay way{&*route, {}, argument.substr(blank + 1)};
  for (const auto& trunk : route->trunks) {
    way.trunks.push_back(trunk.text);
  }
  ways.push_back(std::move(way));
}

void add_targets(std::vector<OutsideWay>& ways, const std::string& argument) {
  const auto what = dialplan::parse_dial_string(argument);
  if (!what) {
    return;
  }
  for (const auto& round : what->rounds) {
    for (const auto& target : round) {
      if (target.kind == dialplan::DialTarget::Kind::trunk) {
        ways.push_back({nullptr, {target.name}, target.number});
      }
    }
  }
}

}  // namespace

std::vector<OutsideWay> ways_outside(const config::Snapshot& config, const dialplan::Dialplan& dialplan,
                                     const Variables& variables) {
  const auto lookup = [&](std::string_view name) {
    auto computed = computed_value(name, variables, config);
    return computed ? std::move(*computed) : variables.value(name);
  };
  const auto globals = [&](std::string_view name) {
    const auto found = config.vars.find(std::string(name));
    return found == config.vars.end() ? std::string() : found->second;
  };
  std::vector<OutsideWay> ways;
  const std::string context = variables.value("context");
  const auto now = dialplan::local_time(base::wall_now());
  std::size_t from = 0;
  while (const auto match = dialplan.match(context, lookup, now, from)) {
    from = match->next;
    for (const auto& step : match->steps) {
      if (step.application == "outbound") {
        add_route(ways, config, dialplan::expand(step.argument, lookup, globals));
      } else if (dialplan::takes_dial_string(step.application)) {
        add_targets(ways, dialplan::expand_dial_string(step.argument, lookup, globals));
      }
    }
  }
  return ways;
}

Variables as_dialled(const config::Snapshot& config, const std::string& extension, const std::string& number,
                     const std::string& context) {
  Variables variables;
  if (const auto found = config.extensions.find(extension); found != config.extensions.end()) {
    add_extension_facts(variables, found->second);
    variables.set("caller_id_name", found->second.name);
  }
  variables.set("caller_id_number", extension);
  variables.set("destination_number", number);
  variables.set("domain_name", config.pbx.domain);
  variables.set("context", context);
  variables.set("user_context", context);
  return variables;
}

std::string dialling_context(const config::Snapshot& config, const registrar::Registrar& phones,
                             const std::string& extension) {
  if (const auto own = config.extensions.find(extension);
      own != config.extensions.end() && !own->second.context.empty()) {
    return own->second.context;
  }
  const auto bindings = phones.find(extension);
  const auto profile =
      bindings.empty() ? config.profiles.end() : config.profiles.find(bindings.front().profile);
  return profile == config.profiles.end() ? "default" : profile->second.context;
}

}  // namespace switchroom::call
