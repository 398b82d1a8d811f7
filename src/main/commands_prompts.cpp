// pbxctl prompts: sound files of one's own, played to a phone or recorded by one.
#include "call/own_prompts.hpp"
#include "call/shared.hpp"
#include "call/sounds.hpp"
#include "call/switchboard.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/core.h>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

std::string local_time(std::time_t when) {
  std::tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:%Y-%m-%d %H:%M}", local);
}

awaitable<Reply> list(Server& server) {
  const auto prompts = co_await server.shared().prompts->list(server.config().media.sounds);
  json::array rows;
  for (const auto& prompt : prompts) {
    rows.emplace_back(json::object{
        {"name", prompt.name}, {"bytes", prompt.bytes}, {"changed", local_time(prompt.changed)}});
  }
  co_return Answer{std::move(rows), {"name", "bytes", "changed"}};
}

Reply ring(Server& server, const std::string& target, const std::string& name, dialplan::Step step) {
  call::Switchboard::Extras extras;
  extras.step = std::move(step);
  extras.variables.emplace_back("record_prompt_invited", "true");
  auto id = server.switchboard().originate(target, name, {}, extras);
  return id ? Reply(Answer{json::object{{"id", *id}}, {}}) : Reply(id.error());
}

Reply play(Server& server, const Arguments& arguments) {
  if (auto wrong = call::check_sounds(arguments[0], server.config()); !wrong.empty()) {
    return base::Error{std::move(wrong)};
  }
  return ring(server, arguments[1], "prompt", {"playback", arguments[0], "pbxctl"});
}

Reply record(Server& server, const Arguments& arguments) {
  const auto file = call::prompt_file(arguments[0]);
  return file ? ring(server, arguments[1], "prompt", {"record_prompt", *file, "pbxctl"})
              : Reply(file.error());
}

}  // namespace

void add_prompt_commands(control::CommandTable& table, Server& server) {
  table.add({"prompts", "", "the sound files of [media] sounds",
             [&server](const Arguments& /*none*/) { return list(server); }, 0, 0});
  table.add({"prompts play", "NAME TARGET", "rings TARGET (user/1001) and plays it a prompt",
             now([&](const Arguments& arguments) { return play(server, arguments); }), 2, 2});
  table.add({"prompts record", "NAME TARGET", "rings TARGET (user/1001) and records a prompt there",
             now([&](const Arguments& arguments) { return record(server, arguments); }), 2, 2});
}

}  // namespace switchroom::main
