#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "conference/attend.hpp"
#include "config/suggestions.hpp"

namespace switchroom::apps {
namespace {

std::string check_conference(std::string_view argument, const config::Snapshot& config) {
  if (is_computed(argument.substr(0, argument.find('@')))) {
    argument = argument.substr(std::min(argument.find('@'), argument.size()));
    if (argument.empty() || is_computed(argument)) {
      return {};
    }
    return check_conference("room" + std::string(argument), config);
  }
  if (is_computed(argument)) {
    return {};
  }
  const auto request = conference::parse_request(argument);
  if (!request) {
    return request.error().what;
  }
  if (!config.conferences.contains(request->profile)) {
    std::vector<std::string> names;
    for (const auto& [name, profile] : config.conferences) {
      names.push_back(name);
    }
    return "there is no [conferences." + request->profile + "]" +
           config::did_you_mean(request->profile, names);
  }
  return {};
}

awaitable<void> run_conference(call::Call& call, std::string argument) {
  auto request = conference::parse_request(argument);
  if (!request) {
    switchroom::log::line(switchroom::log::Level::error, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "conference: {}", request.error().what);
    co_return;
  }
  co_await conference::attend(call, *call.services().conferences, std::move(*request));
}

}  // namespace

Application conference() {
  return {
      "conference", "ROOM[@PROFILE][+PIN][+flags{FLAG|…}]",
      "Answers and takes the caller to the conference ROOM, which opens as `[conferences.PROFILE]` says "
      "(default: "
      "`default`) when nobody is there. The next step runs when the caller leaves, is sent out or is turned "
      "away; conference_result says which. docs/conferences.md.",
      check_conference, run_conference};
}

}  // namespace switchroom::apps
