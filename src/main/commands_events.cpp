// pbxctl events: what happened lately.
#include "base/clock.hpp"
#include "call/events.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <charconv>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

constexpr std::size_t shown = 50;

std::string local_stamp(std::int64_t when_us) {
  const std::time_t seconds = when_us / 1'000'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", local, when_us / 1000 % 1000);
}

/// NAME matches itself and what begins with it and a dot: "conference" all of conference.join and so on.
bool matches(std::string_view name, std::string_view wanted) {
  return wanted.empty() || name == wanted ||
         (name.starts_with(wanted) && name.size() > wanted.size() && name[wanted.size()] == '.');
}

Reply events(const call::Events& events, const Arguments& arguments) {
  const std::string wanted = arguments.empty() ? "" : arguments[0];
  std::vector<const call::Event*> found;
  for (const auto& event : events.latest()) {
    if (matches(event.name, wanted)) {
      found.push_back(&event);
    }
  }
  json::array rows;
  for (std::size_t i = found.size() > shown ? found.size() - shown : 0; i < found.size(); ++i) {
    json::object row{
        {"number", found[i]->number}, {"time", local_stamp(found[i]->when_us)}, {"event", found[i]->name}};
    std::string about;
    json::object fields;
    for (const auto& [key, value] : found[i]->fields) {
      about.append(about.empty() ? "" : " ").append(key).append("=").append(value);
      fields[key] = value;
    }
    row["about"] = about;
    row["fields"] = std::move(fields);
    rows.emplace_back(std::move(row));
  }
  return Answer{std::move(rows), {"number", "time", "event", "about"}};
}

}  // namespace

void add_event_commands(control::CommandTable& table, Server& server) {
  table.add({"events", "[NAME]", "what happened lately, all or by name (call, call.end)",
             now([&](const Arguments& arguments) { return events(server.events(), arguments); }), 0, 1});
}

}  // namespace switchroom::main
