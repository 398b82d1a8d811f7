// One client of the control socket.
#pragma once

#include "base/asio.hpp"
#include "control/command.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::control {

using LocalSocket = asio::local::stream_protocol::socket;

/// A request line to its words; the error is for the client. Pure.
base::result<std::vector<std::string>> parse_request(std::string_view line);
/// The whole reply, as a value that prints as UTF-8 whatever strangers' bytes are in it.
boost::json::value reply_of(base::result<Answer> answer);

/// Line by line until the client leaves, breaks a limit, or the task is cancelled. Call thread. `answering`
/// counts the sessions that are between a request and the end of its answer.
awaitable<void> serve_client(LocalSocket socket, const CommandTable& commands, std::size_t& answering);

}  // namespace switchroom::control
