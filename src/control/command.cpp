#include "control/command.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace switchroom::control {
namespace {

std::string joined(const std::vector<std::string>& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, words.size()); ++i) text += (i == 0 ? "" : " ") + words[i];
  return text;
}

// Levenshtein's distance, of names and of what was typed (cut to 40 characters).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

std::string usage(const Command& command) {
  return "usage: " + command.name + (command.arguments.empty() ? "" : " " + command.arguments);
}

base::Error unknown(const std::vector<std::string>& words, const std::map<std::string, Command>& commands) {
  std::string typed = joined(words, 2).substr(0, 40);
  const std::string first = words[0].substr(0, 40);
  std::string nearest;
  std::size_t least = 4;
  for (const auto& [name, command] : commands) {
    const std::size_t far = name.starts_with(first) && first.size() > 1
                                ? 1
                                : std::min(distance(typed, name), distance(first, name));
    if (far < least && far < name.size()) {
      least = far;
      nearest = name;
    }
  }
  std::string what = "unknown command: " + typed;
  what += nearest.empty() ? "; `help` lists the commands" : "; did you mean " + nearest + "?";
  return base::Error{std::move(what)};
}

Answer help(const std::map<std::string, Command>& commands) {
  boost::json::array list;
  for (const auto& [name, command] : commands) {
    list.emplace_back(
        boost::json::object{{"command", name + (command.arguments.empty() ? "" : " " + command.arguments)},
                            {"help", command.help}});
  }
  return {std::move(list), {"command", "help"}};
}

}  // namespace

void CommandTable::add(Command command) {
  std::string name = command.name;
  commands_.insert_or_assign(std::move(name), std::move(command));
}

awaitable<base::result<Answer>> CommandTable::run(std::vector<std::string> words) const {
  if (words.empty()) co_return base::Error{"no command; `help` lists the commands"};
  auto found = commands_.end();
  std::size_t used = 2;
  for (; used > 0 && found == commands_.end(); used -= found == commands_.end() ? 1 : 0) {
    if (used <= words.size()) found = commands_.find(joined(words, used));
  }
  if (found == commands_.end()) {
    if (words[0] == "help") co_return help(commands_);
    co_return unknown(words, commands_);
  }
  const Command& command = found->second;
  std::vector<std::string> arguments(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  if (arguments.size() < command.least_arguments || arguments.size() > command.most_arguments) {
    co_return base::Error{usage(command)};
  }
  co_return co_await command.run(std::move(arguments));
}

}  // namespace switchroom::control
