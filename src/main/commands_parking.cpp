// pbxctl park, unpark, transfer, limits, hash, db: calls that wait, and what calls share.
#include "base/clock.hpp"
#include "call/call.hpp"
#include "call/shared.hpp"
#include "call/switchboard.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

std::int64_t seconds_since(base::Time when) {
  return std::chrono::duration_cast<std::chrono::seconds>(base::Clock::now() - when).count();
}

Reply parked(Server& server) {
  json::array rows;
  for (const auto& [slot, waiting] : server.shared().parking.all()) {
    const auto& record = waiting->call->record();
    rows.emplace_back(json::object{{"slot", slot},
                                   {"caller", record.caller_id_number},
                                   {"caller_name", record.caller_id_name},
                                   {"parked_by", waiting->parked_by},
                                   {"waits_s", seconds_since(waiting->since)},
                                   {"id", waiting->call->uuid()}});
  }
  return Answer{std::move(rows), {"slot", "caller", "caller_name", "parked_by", "waits_s", "id"}};
}

dialplan::Step application(std::string name, std::string argument) {
  return {std::move(name), std::move(argument), "pbxctl"};
}

Reply moved(base::result<std::string> id, const char* what) {
  return id ? Reply(Answer{json::object{{what, *id}}, {}}) : Reply(id.error());
}

Reply park(Server& server, const Arguments& arguments) {
  if (arguments.empty()) {
    return parked(server);
  }
  const std::string slot = arguments.size() > 1 ? arguments[1] : "";
  if (!slot.empty() && server.shared().parking.find(slot) != nullptr) {
    return base::Error{"slot " + slot + " is taken (see: pbxctl park)"};
  }
  return moved(server.switchboard().redirect(arguments[0], {{}, application("park", slot)}), "parked");
}

Reply unpark(Server& server, const Arguments& arguments) {
  if (server.shared().parking.find(arguments[0]) == nullptr) {
    return base::Error{"nobody waits in slot " + arguments[0] + " (see: pbxctl park)"};
  }
  return moved(
      server.switchboard().originate_to(arguments[1], arguments[0], application("unpark", arguments[0])),
      "id");
}

Reply transfer(Server& server, const Arguments& arguments) {
  const std::string context = arguments.size() > 2 ? arguments[2] : "";
  return moved(server.switchboard().redirect(arguments[0], {{arguments[1], context}}), "transferred");
}

Reply limits(Server& server) {
  json::array rows;
  for (const auto& [name, usage] : server.shared().limits.all()) {
    json::object row{{"limit", name}, {"used", usage.used}, {"refused", usage.refused}};
    row["most"] = usage.most ? json::value(*usage.most) : json::value(nullptr);
    rows.emplace_back(std::move(row));
  }
  return Answer{std::move(rows), {"limit", "used", "most", "refused"}};
}

/// Without an argument everything; with one what the dialplan's application of this name takes.
Reply values(values::SharedValues& all, const Arguments& arguments) {
  if (!arguments.empty()) {
    const auto command = values::parse_command(arguments[0]);
    const auto result = command ? all.execute(*command) : base::result<std::string>(command.error());
    return result ? Reply(Answer{json::object{{"value", *result}}, {}}) : Reply(result.error());
  }
  json::array rows;
  for (const auto& [name, value] : all.all()) {
    rows.emplace_back(json::object{{"realm", name.first}, {"key", name.second}, {"value", value}});
  }
  return Answer{std::move(rows), {"realm", "key", "value"}};
}

}  // namespace

void add_parking_commands(control::CommandTable& table, Server& server) {
  table.add({"park", "[CALL [SLOT]]", "who waits in which slot, or parks a call",
             now([&](const Arguments& arguments) { return park(server, arguments); }), 0, 2});
  table.add({"unpark", "SLOT TARGET", "rings TARGET (user/1001) and connects it to who waits in the slot",
             now([&](const Arguments& arguments) { return unpark(server, arguments); }), 2, 2});
  table.add({"transfer", "CALL NUMBER [CONTEXT]", "leads a call elsewhere, whatever it does now",
             now([&](const Arguments& arguments) { return transfer(server, arguments); }), 2, 3});
  table.add({"limits", "", "how many calls each limit counts",
             now([&](const auto&) { return limits(server); }), 0, 0});
  table.add({"hash", "[COMMAND]", "the values that calls share, or insert/R/K/V, delete/R/K, select/R/K",
             now([&](const Arguments& arguments) { return values(server.shared().hash, arguments); }), 0, 1});
  table.add({"db", "[COMMAND]", "the same of those that are kept",
             now([&](const Arguments& arguments) { return values(server.shared().database, arguments); }), 0,
             1});
}

}  // namespace switchroom::main
