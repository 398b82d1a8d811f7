// pbxctl trunks: what each carrier is doing.
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <algorithm>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

std::int64_t seconds_until(base::Time when) {
  return std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::seconds>(when - base::Clock::now()).count());
}

json::object row_of(const sip::TrunkLine& line) {
  const auto status = line.status();
  json::object row;
  row["trunk"] = line.settings().name;
  row["state"] = status.state;
  row["place"] = status.places.empty() ? "" : status.places.front();
  if (status.until) {
    row["expires_s"] = seconds_until(*status.until);
  }
  if (status.next_try) {
    row["next_try_s"] = seconds_until(*status.next_try);
  }
  row["calls_in"] = status.calls_in;
  row["calls_out"] = status.calls_out;
  row["last_failure"] = status.last_failure;
  return row;
}

Reply trunks(Server& server) {
  json::array rows;
  server.trunks().for_each([&](const sip::TrunkLine& line) { rows.emplace_back(row_of(line)); });
  return Answer{
      std::move(rows),
      {"trunk", "state", "place", "expires_s", "next_try_s", "calls_in", "calls_out", "last_failure"}};
}

base::result<sip::TrunkLine*> find(Server& server, const std::string& name) {
  auto* line = server.trunks().find(name);
  if (line == nullptr) {
    return base::Error{"there is no trunk " + name + " (see: pbxctl trunks)"};
  }
  return line;
}

Reply show(Server& server, const std::string& name) {
  const auto line = find(server, name);
  if (!line) {
    return line.error();
  }
  const auto& trunk = (*line)->settings();
  const auto status = (*line)->status();
  json::object data = row_of(**line);
  data["host"] = trunk.host;
  data["profile"] = trunk.profile;
  data["context"] = trunk.context;
  data["account"] = trunk.username;
  data["realm"] = status.realm;
  data["register"] = *trunk.registers;
  data["ping_s"] = trunk.ping.count();
  json::array places;
  for (const auto& place : status.places) {
    places.emplace_back(place);
  }
  data["places"] = std::move(places);
  data["registrations"] = status.registrations;
  data["registration_failures"] = status.registration_failures;
  data["pings_answered"] = status.pings_answered;
  data["pings_missed"] = status.pings_missed;
  return Answer{std::move(data), {}};
}

Reply hurry(Server& server, const std::string& name) {
  const auto line = find(server, name);
  if (!line) {
    return line.error();
  }
  (*line)->hurry();
  return Answer{
      json::object{{"trunk", name}, {"trying", *(*line)->settings().registers ? "to register" : "OPTIONS"}},
      {}};
}

}  // namespace

void add_trunk_commands(control::CommandTable& table, Server& server) {
  table.add({"trunks", "", "the carriers: state, last failure, next try",
             now([&](const auto&) { return trunks(server); }), 0, 0});
  table.add({"trunk show", "NAME", "everything about one trunk",
             now([&](const Arguments& arguments) { return show(server, arguments[0]); }), 1, 1});
  table.add({"trunk register", "NAME", "registers (and asks by OPTIONS) now, not when it is due",
             now([&](const Arguments& arguments) { return hurry(server, arguments[0]); }), 1, 1});
}

}  // namespace switchroom::main
