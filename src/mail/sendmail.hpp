// A program that takes mail, instead of a server.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "mail/smtp_dialogue.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

/// Runs the program with these arguments (no shell) and the mail as its input, lines ended by LF as such
/// programs want them. After `limit` it is killed. EX_TEMPFAIL and a program that cannot be run are tried
/// again; other statuses refuse the mail. `message` must live until the end.
awaitable<Outcome> send_by_program(std::vector<std::string> command, std::string_view message,
                                   base::Duration limit);

}  // namespace switchroom::mail
