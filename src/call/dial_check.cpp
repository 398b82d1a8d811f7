// What `switchroom check` finds in a dial string.
#include "call/targets.hpp"
#include "call/trunk_targets.hpp"
#include "call/variable_check.hpp"
#include "config/suggestions.hpp"
#include "sip/message/message.hpp"

#include <fmt/core.h>

namespace switchroom::call {
namespace {

using Kind = dialplan::DialTarget::Kind;

std::string check_user(const std::string& name, const config::Snapshot& config) {
  if (config.extensions.contains(name)) {
    return {};
  }
  return fmt::format("there is no extension {}{}", name,
                     config::did_you_mean(name, config::names_of(config.extensions)));
}

std::string check_target(const dialplan::DialTarget& target, const config::Snapshot& config) {
  if (target.name.find('$') != std::string::npos) {
    return {};  // only the call will know
  }
  switch (target.kind) {
    case Kind::user: return check_user(target.name, config);
    case Kind::group:
      return members_of(target.name, config).empty()
                 ? fmt::format(
                       "there is nobody in group {}: no [ring_groups.{}], and no extension with it "
                       "among its groups",
                       target.name, target.name)
                 : std::string();
    case Kind::trunk: return check_trunk_number({target.name, target.number}, config);
    case Kind::uri: {
      const auto uri = sip::parse_uri(target.name);
      if (!uri || !uri->is_sip()) {
        return fmt::format("\"{}\" is no SIP address: sip:name@host", target.name);
      }
      return target.profile.empty() || config.profiles.contains(target.profile)
                 ? std::string()
                 : fmt::format("there is no profile {}", target.profile);
    }
    case Kind::error:
      return sip::cause_named(target.name) != nullptr ? std::string()
                                                      : fmt::format("there is no cause {}", target.name);
    case Kind::computed: break;
  }
  return {};
}

}  // namespace

std::string check_dial_string(std::string_view dial_string, const config::Snapshot& config) {
  const auto what = dialplan::parse_dial_string(dial_string);
  if (!what) {
    return what.error().what;
  }
  if (auto wrong = check_variables(what->variables); !wrong.empty()) {
    return wrong;
  }
  for (const auto& round : what->rounds) {
    for (const auto& target : round) {
      if (auto wrong = check_variables(target.variables); !wrong.empty()) {
        return wrong;
      }
      if (auto wrong = check_target(target, config); !wrong.empty()) {
        return wrong;
      }
    }
  }
  return {};
}

}  // namespace switchroom::call
