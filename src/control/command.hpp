// One table of commands serves every interface: pbxctl now, HTTP and the event socket later.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::control {

/// The answer to a command, as data; faces print it. A list of objects with the same keys is printed
/// as a table, an object as "key: value" lines, a string as it is.
struct Answer {
  boost::json::value data;
  std::vector<std::string> columns;  // order (and choice) of columns for a table; empty: all, as they come
  /// Not empty: the command was refused, for this reason, and `data` (an object) tells more of it. Where
  /// there is no more to tell a base::Error is enough.
  std::string refusal = {};
  std::string text = {};  // for people, where what render() makes of `data` does not read well; or empty
};

/// A handler runs on the call thread; it may co_await (shutdown after the calls end, originate).
using Handler = std::function<awaitable<base::result<Answer>>(std::vector<std::string> arguments)>;

struct Command {
  std::string name;       // "registrations", "log level"
  std::string arguments;  // for help: "ID [CAUSE]"
  std::string help;       // one line
  Handler run;
  std::size_t least_arguments = 0;
  std::size_t most_arguments = 0;
};

/// Commands by their (one or two) words. Call thread.
class CommandTable {
 public:
  void add(Command command);
  /// Finds by the longest name that `words` begins with, checks the number of arguments, runs it. The
  /// error for an unknown command suggests the nearest one.
  awaitable<base::result<Answer>> run(std::vector<std::string> words) const;
  [[nodiscard]] const std::map<std::string, Command>& commands() const { return commands_; }

 private:
  std::map<std::string, Command> commands_;
};

/// The human face of an answer: a table with aligned columns, or key: value lines.
std::string render(const Answer& answer);

}  // namespace switchroom::control
