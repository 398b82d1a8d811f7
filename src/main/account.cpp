#include "main/account.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace switchroom::main {
namespace {

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number != 0xFFFFFFFFU ? std::optional(number) : std::nullopt;  // -1: "leave as it is"
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

/// The fields of the line whose first or third field is `wanted`; a name comes before a number.
std::vector<std::string_view> line_of(std::string_view file, std::string_view wanted, std::size_t fields) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{2}}) {
    for (const std::string_view line : split(file, '\n')) {
      auto parts = split(line, ':');
      if (parts.size() >= fields && parts[at] == wanted) {
        return parts;
      }
    }
  }
  return {};
}

base::result<gid_t> group_number(const std::string& group, std::string_view groups) {
  const auto line = line_of(groups, group, 3);
  const auto number = number_of(line.empty() ? std::string_view(group) : line[2]);
  if (!number) {
    return base::Error{fmt::format("pbx.group: there is no group \"{}\" in /etc/group", group)};
  }
  return *number;
}

}  // namespace

base::result<Account> find_account(const std::string& user, const std::string& group, std::string_view passwd,
                                   std::string_view groups) {
  Account account;
  const auto line = line_of(passwd, user, 4);
  const auto number = number_of(line.empty() ? std::string_view(user) : line[2]);
  const auto own_group = line.empty() ? number : number_of(line[3]);
  if (!number || !own_group) {
    return base::Error{fmt::format(
        "pbx.user: there is no user \"{}\" in /etc/passwd (systemd/switchroom.sysusers makes one: "
        "docs/installation.md)",
        user)};
  }
  account.name = line.empty() ? user : std::string(line[0]);
  account.user = *number;
  account.group = *own_group;
  if (!group.empty()) {
    const auto wanted = group_number(group, groups);
    if (!wanted) {
      return wanted.error();
    }
    account.group = *wanted;
  }
  account.groups.push_back(account.group);
  for (const std::string_view one : split(groups, '\n')) {
    const auto parts = split(one, ':');
    if (parts.size() < 4) {
      continue;
    }
    const auto members = split(parts[3], ',');
    const auto member_of = number_of(parts[2]);
    if (std::ranges::find(members, account.name) != members.end() && member_of &&
        *member_of != account.group) {
      account.groups.push_back(*member_of);
    }
  }
  return account;
}

}  // namespace switchroom::main
