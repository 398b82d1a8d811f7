// The socket that pbxctl speaks to: a Unix socket, mode 0600 (0660 for a group), one JSON line in, one out.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "control/command.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::control {

/// Call thread. Request: {"command": ["calls"]}; reply: {"ok": true, "data": …, "columns": […]}, with "text"
/// where people read another text than what is made of the data, or
/// {"ok": false, "error": "…"}, with "data" where there is more to tell of it. Requests over 64 KiB, more
/// than 32 clients, a client that is silent in the middle of a line (30 s) or between lines (5 minutes) and
/// one that does not read its answer (30 s) are sent away. A long answer is written piece by piece, so that
/// it never holds up a call.
class Server {
 public:
  /// Removes a stale socket file (one that nobody answers on), refuses when another process answers.
  static base::result<std::unique_ptr<Server>> open(asio::io_context& context, std::filesystem::path path,
                                                    const CommandTable& commands /* not owned */,
                                                    unsigned mode = 0600);
  virtual ~Server() = default;
  virtual awaitable<void> close() = 0;  // ends every session, removes the socket; before the destructor
};

/// Commands that need no server, by their first word; the arguments behind it, to an exit status. `as_data`:
/// they print one line of JSON instead (--json).
using LocalCommands =
    std::map<std::string, std::function<int(const std::vector<std::string>& arguments, bool as_data)>>;

/// The client: `pbxctl [--socket PATH] [--json] [--watch] [--timeout SECONDS] COMMAND …` as a whole;
/// returns the exit status. Prints to stdout, errors to stderr; with --json what is refused is data as well,
/// {"error": "…", …} on stdout. `help` asks the server for its
/// commands, and says what it can without one. Synchronous; no thread.
/// Exit: 0 well, 1 refused by the server, 2 usage, 3 no server (says where it looked and what to try).
int client_main(int argc, char** argv, const LocalCommands& local = {});

}  // namespace switchroom::control
