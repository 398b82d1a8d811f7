#include "values/command.hpp"

#include <algorithm>
#include <array>

namespace switchroom::values {
namespace {

struct Spelling {
  std::string_view name;
  Command::Verb verb;
  bool takes_value;
};
constexpr std::array spellings{Spelling{"insert", Command::Verb::insert, true},
                               Spelling{"insert_ifempty", Command::Verb::insert_ifempty, true},
                               Spelling{"delete", Command::Verb::remove, false},
                               Spelling{"delete_ifmatch", Command::Verb::remove_ifmatch, true},
                               Spelling{"select", Command::Verb::select, false},
                               Spelling{"exists", Command::Verb::exists, false}};

/// Takes the text up to the next slash off the beginning.
std::string_view take_part(std::string_view& text) {
  const auto end = std::min(text.find('/'), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

base::result<Command> parse_command(std::string_view text) {
  const auto verb = take_part(text);
  const auto* const spelling = std::ranges::find(spellings, verb, &Spelling::name);
  if (spelling == spellings.end()) {
    return base::Error{"it takes insert/REALM/KEY/VALUE, delete/REALM/KEY or select/REALM/KEY"};
  }
  Command command{spelling->verb, std::string(take_part(text)), {}, {}};
  command.key = take_part(text);
  command.value = text;
  if (command.realm.empty() || command.key.empty()) {
    return base::Error{std::string(verb) + " takes a realm and a key: " + std::string(verb) + "/REALM/KEY" +
                       (spelling->takes_value ? "/VALUE" : "")};
  }
  if (!spelling->takes_value && !command.value.empty()) {
    return base::Error{std::string(verb) + " takes no value"};
  }
  return command;
}

}  // namespace switchroom::values
