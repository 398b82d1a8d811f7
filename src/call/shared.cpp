#include "call/shared.hpp"

#include "values/command.hpp"

namespace switchroom::call {
namespace {

/// "hash(…)" to what stands between the brackets.
std::optional<std::string_view> called(std::string_view name, std::string_view function) {
  if (!name.starts_with(function) || !name.ends_with(')') || name.substr(function.size(), 1) != "(") {
    return std::nullopt;
  }
  return name.substr(function.size() + 1, name.size() - function.size() - 2);
}

/// Variables only read.
std::string read(std::string_view text, const values::SharedValues& values) {
  const auto command = values::parse_command(text);
  if (!command) {
    return {};
  }
  const bool is_there = values.all().contains({command->realm, command->key});
  switch (command->verb) {
    case values::Command::Verb::select: return values.value(command->realm, command->key);
    case values::Command::Verb::exists: return is_there ? "true" : "false";
    default: return {};
  }
}

}  // namespace

std::optional<std::string> shared_value(std::string_view name, const Shared& shared) {
  if (const auto text = called(name, "hash")) {
    return read(*text, shared.hash);
  }
  if (const auto text = called(name, "db")) {
    return read(*text, shared.database);
  }
  if (const auto limit = called(name, "limit_usage")) {
    return std::to_string(shared.limits.used(std::string(*limit)));
  }
  return std::nullopt;
}

}  // namespace switchroom::call
