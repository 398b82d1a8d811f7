// What a client of the control socket may send, as far as the command that it names, and what is printed of
// it.
#include "base/task_group.hpp"
#include "control/session.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace switchroom;

namespace {

/// Commands of one word and of two, one the beginning of the other, whose handlers get what they asked for.
const control::CommandTable& commands() {
  static const control::CommandTable all = [] {
    control::CommandTable table;
    struct Known {
      const char* name;
      std::size_t least, most;
    };
    for (const Known& known : {Known{"call", 0, 1}, Known{"call show", 1, 1}, Known{"bans", 0, 0},
                               Known{"bans add", 1, 3}, Known{"originate", 2, 63}}) {
      control::Command command;
      command.name = known.name;
      command.least_arguments = known.least;
      command.most_arguments = known.most;
      command.run = [known](std::vector<std::string> words) -> awaitable<base::result<control::Answer>> {
        if (words.size() < known.least || words.size() > known.most) std::abort();
        co_return control::Answer{boost::json::value(words.size()), {}};
      };
      table.add(std::move(command));
    }
    return table;
  }();
  return all;
}

awaitable<void> ask(std::vector<std::string> words) {
  const auto answer = co_await commands().run(std::move(words));
  if (!answer && answer.error().what.empty()) std::abort();  // who asked is told why not
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (auto words = control::parse_request(text)) {
    asio::io_context context{1};
    base::TaskGroup tasks(context.get_executor(), [](const std::string&) { std::abort(); });
    tasks.spawn(ask(std::move(*words)));
    context.run();
  }
  const auto reply = control::reply_of(control::Answer{boost::json::value(text), {}});
  const std::string wire = boost::json::serialize(reply);
  boost::system::error_code bad;
  const auto read = boost::json::parse(wire, bad);
  if (bad) std::abort();  // a reply that its reader cannot read
  const std::string shown = control::render({read.at("data"), {}});
  for (const char c : shown) {
    if (c != '\n' && (c == 0x7f || (c >= 0 && c < 0x20))) std::abort();
  }
  boost::system::error_code ignored;
  const auto value = boost::json::parse(text, ignored);
  if (!ignored) (void)control::render({value, {}});
  return 0;
}
