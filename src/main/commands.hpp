// What the files of commands share (commands.cpp, commands_<topic>.cpp): a handler that answers at once.
#pragma once

#include "base/result.hpp"
#include "control/command.hpp"

#include <functional>
#include <string>
#include <vector>

namespace switchroom::main {

class Server;

using Arguments = std::vector<std::string>;
using Reply = base::result<control::Answer>;

/// A command that answers at once.
control::Handler now(std::function<Reply(const Arguments&)> answer);

/// Fills the table with the commands of this version, topic by topic. The server outlives the table.
void add_commands(control::CommandTable& table, Server& server);
void add_recording_commands(control::CommandTable& table, Server& server);
void add_prompt_commands(control::CommandTable& table, Server& server);
void add_parking_commands(control::CommandTable& table, Server& server);
void add_ban_commands(control::CommandTable& table, Server& server);
void add_toll_commands(control::CommandTable& table, Server& server);
void add_trunk_commands(control::CommandTable& table, Server& server);
void add_mail_commands(control::CommandTable& table, Server& server);
void add_voicemail_commands(control::CommandTable& table, Server& server);
void add_conference_commands(control::CommandTable& table, Server& server);
void add_event_commands(control::CommandTable& table, Server& server);
void add_dialplan_commands(control::CommandTable& table, Server& server);

}  // namespace switchroom::main
