#include "apps/supervisor.hpp"

#include "call/switchboard.hpp"

#include <algorithm>
#include <vector>

namespace switchroom::apps {
namespace {

/// One rule of may_supervise: a number, a group, or * for all.
bool covers(const std::string& rule, const config::Extension& target) {
  return rule == "*" || rule == target.number ||
         std::ranges::find(target.groups, rule) != target.groups.end();
}

/// By the password of whoever calls, never by what it says of itself.
bool may_supervise(call::Call& own, const std::string& target) {
  const auto& extensions = own.config().extensions;
  const auto supervisor = extensions.find(own.caller().extension());
  const auto watched = extensions.find(target);
  return supervisor != extensions.end() && watched != extensions.end() &&
         std::ranges::any_of(supervisor->second.may_supervise,
                             [&](const std::string& rule) { return covers(rule, watched->second); });
}

std::vector<call::Leg*> legs_of(call::Call& call) {
  std::vector<call::Leg*> legs;
  if (call.has_caller()) {
    legs.push_back(&call.caller());
  }
  if (call.partner() != nullptr) {
    legs.push_back(call.partner());
  }
  return legs;
}

}  // namespace

Supervised find_supervised(call::Call& own, const std::string& target) {
  Supervised found;
  const std::string extension = target.starts_with("user/") ? target.substr(5, target.find('@') - 5) : target;
  own.services().switchboard->for_each([&](call::Call& call) {
    if (&call == &own || call.pair_sound() == nullptr || call.pair_sound() == own.pair_sound()) {
      return;
    }
    for (call::Leg* const leg : legs_of(call)) {
      if (leg->extension() == extension && (found.call == nullptr || found.call->began() < call.began())) {
        found = {&call, leg, may_supervise(own, extension)};
      }
    }
  });
  if (found.call != nullptr) {
    return found;
  }
  const auto by_id = own.services().switchboard->find(target);
  if (!by_id || (*by_id)->pair_sound() == nullptr || *by_id == &own) {
    return found;
  }
  for (call::Leg* const leg : legs_of(**by_id)) {
    if (const bool allowed = may_supervise(own, leg->extension()); found.leg == nullptr || allowed) {
      found = {*by_id, leg, allowed};
      if (allowed) {
        break;
      }
    }
  }
  return found;
}

}  // namespace switchroom::apps
