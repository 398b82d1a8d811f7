// pbxctl tolls: what calls to the outside have used up, and which ones are allowed.
#include "call/outside_way.hpp"
#include "call/toll_gate.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <cmath>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;
using switchroom::tolls::Subject;

double minutes(base::Duration time) {
  return std::round(std::chrono::duration<double, std::ratio<60>>(time).count() * 10.0) / 10.0;
}

json::object row_of(const call::TollGate::Row& row) {
  json::object object;
  object["kind"] = row.subject.kind == Subject::Kind::extension ? "extension" : "trunk";
  object["name"] = row.subject.name.empty() ? "(none)" : row.subject.name;
  object["running"] = row.usage.running;
  object["calls"] = row.usage.calls;
  object["calls_cap"] = row.caps.calls;
  object["minutes"] = minutes(row.usage.talk);
  object["minutes_cap"] = minutes(row.caps.talk);
  return object;
}

Reply list(Server& server) {
  json::array rows;
  for (const auto& row : server.shared().tolls->rows()) {
    rows.emplace_back(row_of(row));
  }
  return Answer{std::move(rows), {"kind", "name", "running", "calls", "calls_cap", "minutes", "minutes_cap"}};
}

json::object judged(Server& server, call::TollQuestion question) {
  const auto answer = call::judge_toll(question, server.config(), server.dialplan());
  std::string why = answer.why;
  if (answer.is_emergency) {
    why = "an emergency call, which is never barred";
  } else if (!answer.allowed) {
    why += answer.what_to_do.empty() ? "" : "; " + answer.what_to_do;
  } else {
    why = server.shared().tolls->used_up(question.extension, question.trunk);
  }
  const bool allowed = answer.is_emergency || (answer.allowed && why.empty());
  return {{"trunk", question.trunk},
          {"route", question.route.empty() ? "(none)" : question.route},
          {"leads_to", answer.leads_to},
          {"allowed", allowed},
          {"why", why.empty() ? "nothing is in the way" : why}};
}

Reply check(Server& server, const Arguments& arguments) {
  const auto& config = server.config();
  call::TollQuestion question;
  question.number = arguments[0];
  question.extension = arguments.size() > 1 ? arguments[1] : "";
  if (!question.extension.empty() && !config.extensions.contains(question.extension)) {
    return base::Error{"there is no extension " + question.extension};
  }
  auto ways = call::ways_outside(
      config, server.dialplan(),
      call::as_dialled(config, question.extension, question.number,
                       call::dialling_context(config, server.registrar(), question.extension)));
  if (ways.empty()) {  // as it is, by whatever trunk
    ways.push_back({nullptr, {}, question.number});
    for (const auto& [name, trunk] : config.trunks) {
      ways.back().trunks.push_back(name);
    }
  }
  json::array rows;
  for (const auto& way : ways) {
    question.number = way.number;
    question.route = way.route == nullptr ? "" : way.route->name;
    for (const auto& trunk : way.trunks) {
      question.trunk = trunk;
      rows.emplace_back(judged(server, question));
    }
  }
  return Answer{std::move(rows), {"trunk", "route", "leads_to", "allowed", "why"}};
}

Reply reset(Server& server, const Arguments& arguments) {
  auto& gate = *server.shared().tolls;
  if (arguments.empty()) {
    gate.reset_all();
    return Answer{json::object{{"reset", "all"}}, {}};
  }
  const std::string& name = arguments[0];
  const bool extension = server.config().extensions.contains(name);
  if (!extension && !server.config().trunks.contains(name)) {
    return base::Error{"there is neither an extension nor a trunk " + name};
  }
  gate.reset({extension ? Subject::Kind::extension : Subject::Kind::trunk, name});
  return Answer{json::object{{"reset", name}}, {}};
}

}  // namespace

void add_toll_commands(control::CommandTable& table, Server& server) {
  table.add({"tolls", "", "who has used how much of his calls to the outside in the last hour",
             now([&](const Arguments&) { return list(server); }), 0, 0});
  table.add({"tolls check", "NUMBER [EXTENSION]",
             "whether this number, dialled by that extension, may go out, and why",
             now([&](const Arguments& arguments) { return check(server, arguments); }), 1, 2});
  table.add({"tolls reset", "[EXTENSION|TRUNK]", "forgets what was used, of one or of all",
             now([&](const Arguments& arguments) { return reset(server, arguments); }), 0, 1});
}

}  // namespace switchroom::main
