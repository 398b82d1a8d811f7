// group/NAME: who that is, and in which order they ring.
#include "base/random.hpp"
#include "call/call.hpp"
#include "call/ring_order.hpp"
#include "call/targets.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using dialplan::DialRound;
using dialplan::DialTarget;
using Kind = dialplan::DialTarget::Kind;

void shuffle(std::vector<std::string>& members) {
  for (std::size_t left = members.size(); left > 1; --left) {
    std::swap(members[left - 1], members[base::random_below(static_cast<std::uint32_t>(left))]);
  }
}

/// The members in the order in which they are to ring now.
std::vector<std::string> in_order(Call& call, const std::string& group, std::string_view strategy) {
  auto members = members_of(group, call.config());
  if (strategy == "round_robin" && !members.empty()) {
    const auto turn = call.services().ring_order.next(group) % members.size();
    std::ranges::rotate(members, members.begin() + static_cast<std::ptrdiff_t>(turn));
  } else if (strategy == "random") {
    shuffle(members);
  }
  return members;
}

DialTarget member(const std::string& number, const DialTarget& group) {
  return {Kind::user, number, {}, {}, group.variables};
}

DialRound all_members(Call& call, DialRound round) {
  DialRound members;
  for (auto& target : round) {
    if (target.kind != Kind::group) {
      members.push_back(std::move(target));
      continue;
    }
    const auto numbers = members_of(target.name, call.config());
    for (const auto& number : numbers) {
      members.push_back(member(number, target));
    }
    if (numbers.empty()) {
      members.push_back(std::move(target));  // find_targets() says that nobody is there
    }
  }
  return members;
}

}  // namespace

std::vector<std::string> members_of(std::string_view group, const config::Snapshot& config) {
  if (const auto found = config.ring_groups.find(std::string(group)); found != config.ring_groups.end()) {
    return found->second.members;
  }
  std::vector<std::string> members;
  for (const auto& [number, extension] : config.extensions) {
    if (std::ranges::find(extension.groups, group) != extension.groups.end()) {
      members.push_back(number);
    }
  }
  return members;
}

dialplan::DialString with_members(Call& call, dialplan::DialString what) {
  dialplan::DialString all;
  all.variables = std::move(what.variables);
  for (auto& round : what.rounds) {
    const auto& groups = call.config().ring_groups;
    const auto group = round.size() == 1 && round.front().kind == Kind::group
                           ? groups.find(round.front().name)
                           : groups.end();
    if (group == groups.end() || group->second.strategy == "simultaneous") {
      all.rounds.push_back(all_members(call, std::move(round)));
      continue;
    }
    for (const auto& number : in_order(call, group->first, group->second.strategy)) {
      all.rounds.push_back({member(number, round.front())});
    }
  }
  return all;
}

}  // namespace switchroom::call
