// The commands of this version: what each reads from the rooms, as data.
#include "main/commands.hpp"

#include "base/log.hpp"
#include "base/version.hpp"
#include "main/call_view.hpp"
#include "main/problem_data.hpp"
#include "main/process_facts.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;
std::int64_t seconds_since(base::Time when) {
  return std::chrono::duration_cast<std::chrono::seconds>(base::Clock::now() - when).count();
}

json::array listener_texts(const sip::Transports& transports) {
  json::array texts;
  for (const auto& listener : transports.listeners()) {
    texts.emplace_back(
        fmt::format("{} {} {}", listener.profile, sip::name(listener.kind), base::text(listener.local)));
  }
  return texts;
}

Reply status(Server& server) {
  const auto& calls = server.switchboard().counters();
  const auto records = server.recorder().state();
  const auto sip = server.transports().counters();
  const auto media = server.media().totals();
  json::object data;
  data["name"] = server.config().pbx.name;
  data["version"] = base::version();
  data["revision"] = base::revision();
  data["state"] = server.closing() ? "shutting down" : "running";
  data["uptime_s"] = seconds_since(server.started());
  data["configuration"] = server.config().file.string();
  data["listeners"] = listener_texts(server.transports());
  data["calls"] = server.switchboard().active();
  data["calls_peak"] = calls.peak;
  data["calls_total"] = calls.total;
  data["calls_refused"] = calls.refused;
  data["max_calls"] = server.config().pbx.max_calls;
  data["registrations"] = server.registrar().size();
  data["extensions"] = server.config().extensions.size();
  data["sip_received"] = sip.received;
  data["sip_sent"] = sip.sent;
  data["sip_malformed"] = sip.malformed;
  data["sip_refused"] = sip.refused + server.endpoint().counters().refused_by_acl;
  data["banned"] = server.bans().list(base::wall_now()).size();
  data["refused_banned"] = server.bans().refused();
  data["dropped_scanners"] = server.endpoint().counters().scanners;
  data["over_limit"] = server.endpoint().counters().over_limit;
  data["wrong_credentials"] = server.endpoint().counters().rejected_credentials;
  data["connections"] = sip.connections;
  data["transactions"] = server.transactions().size();
  data["dialogs"] = server.endpoint().sessions();
  data["subscriptions"] = server.endpoint().notifier().size();
  data["rtp_ports"] = server.media().open_ports();
  data["rtp_relayed"] = media.relayed;
  data["rtp_dropped"] = media.dropped;
  data["rtp_strangers"] = media.strangers;
  const auto sounds = server.sound_library().statistics();
  data["sounds_made"] = sounds.made;
  data["sounds_shared"] = sounds.shared;
  data["sounds_failed"] = sounds.failed;
  data["sounds_bytes"] = sounds.bytes;
  data["records_written"] = records.written;
  data["records_waiting"] = records.waiting;
  data["record_failures"] = records.failures;
  if (!records.last_error.empty()) {
    data["record_error"] = records.last_error;
  }
  const ProcessFacts process = process_facts();
  data["memory_kb"] = process.resident_kb;
  data["descriptors"] = process.descriptors;
  data["descriptor_limit"] = process.descriptor_limit;
  return Answer{std::move(data), {}};
}

Reply registrations(Server& server) {
  json::array rows;
  auto bindings = server.registrar().all();
  std::sort(bindings.begin(), bindings.end(), [](const auto& a, const auto& b) {
    return std::tie(a.extension, a.contact) < std::tie(b.extension, b.contact);
  });
  for (const auto& binding : bindings) {
    json::object row;
    row["extension"] = binding.extension;
    row["contact"] = binding.contact;
    row["source"] = fmt::format("{} {}", binding.transport, base::text(binding.source));
    row["expires_s"] = std::max<std::int64_t>(0, (binding.expires_at - base::wall_now()) / 1'000'000);
    row["profile"] = binding.profile;
    row["user_agent"] = binding.user_agent;
    row["at"] = base::text(binding.local);  // of ours
    row["path"] = json::array(binding.path.begin(), binding.path.end());
    rows.emplace_back(std::move(row));
  }
  return Answer{std::move(rows), {"extension", "contact", "source", "expires_s", "profile", "user_agent"}};
}

Reply calls(Server& server) {
  json::array rows;
  std::vector<call::Call*> all;
  server.switchboard().for_each([&](call::Call& call) { all.push_back(&call); });
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->began() < b->began(); });
  for (call::Call* call : all) {
    rows.emplace_back(summary_of(*call));
  }
  return Answer{std::move(rows),
                {"id", "caller", "destination", "state", "duration_s", "talking_s", "codec", "with"}};
}

Reply originate(Server& server, const Arguments& arguments) {
  const std::string context = arguments.size() > 2 ? arguments[2] : "";  // the extension's own
  auto id = server.switchboard().originate(arguments[0], arguments[1], context);
  if (!id) {
    return id.error();
  }
  json::object data;
  data["id"] = *id;
  return Answer{std::move(data), {}};
}

Reply hang_up(Server& server, const Arguments& arguments) {
  const std::string wanted = arguments.size() > 1 ? arguments[1] : "NORMAL_CLEARING";
  const sip::Cause* cause = sip::cause_named(wanted);
  if (cause == nullptr) {
    return base::Error{"there is no cause " + wanted + "; NORMAL_CLEARING or USER_BUSY would be one"};
  }
  if (arguments[0] == "all") {
    std::vector<std::string> ids;
    server.switchboard().for_each([&](const call::Call& call) { ids.push_back(call.uuid()); });
    for (const auto& id : ids) {
      (void)server.switchboard().hang_up(id, *cause);
    }
    return Answer{json::object{{"ended", ids.size()}}, {}};
  }
  auto id = server.switchboard().hang_up(arguments[0], *cause);
  if (!id) {
    return id.error();
  }
  return Answer{json::object{{"ended", *id}}, {}};
}

std::string problems_text(const std::vector<config::Problem>& problems) {
  std::string text =
      fmt::format("{} problem{}, nothing has changed:", problems.size(), problems.size() == 1 ? "" : "s");
  for (const auto& problem : problems) {
    text += "\n" + problem.text();
  }
  return text;
}

awaitable<Reply> reload(Server& server) {
  const auto done = co_await server.reload();
  if (!done.problems.empty()) {
    co_return Answer{
        json::object{{"problems", problem_data(done.problems)}}, {}, problems_text(done.problems)};
  }
  const std::string file = server.config().file.string();
  std::string text = "reloaded: " + file + "\n";
  for (const auto& key : done.next_start) {
    text += key + " has changed and takes effect at the next start\n";
  }
  for (const auto& warning : done.warnings) {
    text += warning.warning() + "\n";
  }
  co_return Answer{json::object{{"reloaded", file},
                                {"next_start", json::array(done.next_start.begin(), done.next_start.end())},
                                {"warnings", problem_data(done.warnings)}},
                   {},
                   {},
                   std::move(text)};
}

Reply log_level(const Arguments& arguments) {
  if (!arguments.empty()) {
    const auto level = log::parse_level(arguments.back());
    if (!level) {
      return base::Error{"\"" + arguments.back() +
                         "\" is no level: trace, debug, info, warning, error or off"};
    }
    if (arguments.size() == 2 && !log::parse_subsystem(arguments[0])) {
      return base::Error{"\"" + arguments[0] + "\" is no subsystem (see: pbxctl log level)"};
    }
    for (std::size_t i = 0; i < log::subsystem_count; ++i) {
      const auto subsystem = static_cast<log::Subsystem>(i);
      if (arguments.size() == 1 || log::name(subsystem) == arguments[0]) {
        log::set_level(subsystem, *level);
      }
    }
  }
  json::object levels;
  for (std::size_t i = 0; i < log::subsystem_count; ++i) {
    const auto subsystem = static_cast<log::Subsystem>(i);
    levels[log::name(subsystem)] = log::name(log::level(subsystem));
  }
  return Answer{std::move(levels), {}};
}

Reply shut_down(Server& server, const Arguments& arguments) {
  base::Duration grace{};
  if (!arguments.empty()) {
    if (arguments[0] != "when-idle") {
      return base::Error{"shutdown takes nothing (at once) or when-idle (after the calls end)"};
    }
    grace = std::chrono::hours(24);
  }
  server.shut_down(grace);
  return Answer{json::object{{"shutting_down", grace == base::Duration{} ? "now" : "when the last call ends"},
                             {"calls", server.switchboard().active()}},
                {}};
}

}  // namespace

control::Handler now(std::function<Reply(const Arguments&)> answer) {
  return
      [answer = std::move(answer)](Arguments arguments) -> awaitable<Reply> { co_return answer(arguments); };
}

void add_commands(control::CommandTable& table, Server& server) {
  table.add({"status", "", "what is running, since when, and how it does",
             now([&](const auto&) { return status(server); }), 0, 0});
  table.add({"registrations", "", "which phones are registered, and where",
             now([&](const auto&) { return registrations(server); }), 0, 0});
  table.add({"calls", "", "the calls that are up", now([&](const auto&) { return calls(server); }), 0, 0});
  table.add({"call show", "ID", "everything about one call", now([&](const Arguments& arguments) -> Reply {
               const auto call = server.switchboard().find(arguments[0]);
               return call ? Reply(Answer{details_of(**call), {}}) : Reply(call.error());
             }),
             1, 1});
  table.add({"originate", "TARGET NUMBER [CONTEXT]", "rings TARGET (user/1001) and connects it to NUMBER",
             now([&](const Arguments& arguments) { return originate(server, arguments); }), 2, 3});
  table.add({"hangup", "ID|all [CAUSE]", "ends a call, or all of them",
             now([&](const Arguments& arguments) { return hang_up(server, arguments); }), 1, 2});
  table.add({"reload", "", "reads the configuration again; a bad file changes nothing",
             [&](const Arguments& /*none*/) { return reload(server); }, 0, 0});
  table.add({"log level", "[[SUBSYSTEM] LEVEL]", "shows or sets how much is logged", now(log_level), 0, 2});
  table.add({"shutdown", "[when-idle]", "stops at once, or when the last call has ended",
             now([&](const Arguments& arguments) { return shut_down(server, arguments); }), 0, 1});
  add_parking_commands(table, server);
  add_prompt_commands(table, server);
  add_ban_commands(table, server);
  add_trunk_commands(table, server);
  add_toll_commands(table, server);
  add_conference_commands(table, server);
  add_event_commands(table, server);
  add_recording_commands(table, server);
  add_dialplan_commands(table, server);
  add_voicemail_commands(table, server);
  add_mail_commands(table, server);
}

}  // namespace switchroom::main
