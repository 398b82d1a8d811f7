// The socket that pbxctl speaks to: a Unix socket, mode 0600 (0660 for a group), one JSON line in, one out.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/task_group.hpp"
#include "control/command.hpp"

#include <filesystem>
#include <memory>

namespace switchroom::control {

/// Call thread. Request: {"command": ["calls"]}; reply: {"ok": true, "data": …, "columns": […]} or
/// {"ok": false, "error": "…"}. Requests over 64 KiB, more than 32 clients and a silent client (30 s in
/// the middle of a line) are refused.
class Server {
 public:
  /// Removes a stale socket file (one that nobody answers on), refuses when another process answers.
  static base::result<std::unique_ptr<Server>> open(asio::io_context& context, std::filesystem::path path,
                                                    const CommandTable& commands /* not owned */);
  virtual ~Server() = default;
  virtual awaitable<void> close() = 0;  // ends every session
};

/// The client: `pbxctl [--socket PATH] [--json] COMMAND …` as a whole; returns the exit status. Local
/// words: help, --help, `calls --watch` (asks again each second). Prints to stdout, errors to stderr.
/// Exit: 0 well, 1 refused by the server, 2 usage, 3 no server (says where it looked and what to try).
int client_main(int argc, char** argv);

}  // namespace switchroom::control
