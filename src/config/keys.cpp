#include "config/keys.hpp"

#include "config/keys/topics.hpp"

#include <algorithm>
#include <array>

namespace switchroom::config {

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> out;
  out.reserve(value.items.size());
  for (const Item& item : value.items) {
    out.push_back(item.text);
  }
  return out;
}

Placed placed(const Value& value) { return {value.text, value.place}; }

std::vector<Placed> placed_items(const Value& value) {
  std::vector<Placed> all;
  all.reserve(value.items.size());
  for (const Item& item : value.items) {
    all.push_back({item.text, item.place});
  }
  return all;
}

/// "bridge user/$1" to application and argument.
Action action(const Item& item) {
  const std::size_t begin = item.text.find_first_not_of(" \t");
  const std::size_t end = std::min(item.text.find_first_of(" \t", begin), item.text.size());
  const std::size_t rest = std::min(item.text.find_first_not_of(" \t", end), item.text.size());
  const std::size_t last = item.text.find_last_not_of(" \t");
  Action parsed{"", "", item.place};
  if (begin != std::string::npos) {
    parsed.application = item.text.substr(begin, end - begin);
    parsed.argument = rest < item.text.size() ? item.text.substr(rest, last + 1 - rest) : "";
  }
  return parsed;
}

void add_actions(std::vector<Action>& actions, const Value& value) {
  for (const Item& item : value.items) {
    actions.push_back(action(item));
  }
}

namespace {

struct Table {
  std::vector<Section> sections;
  std::vector<Key> keys;
};

/// All topics, in the order of the reference.
const Table& table() {
  static const Table whole = [] {
    Table all;
    for (const Topic& topic :
         {general_topic(), profiles_topic(), encryption_topic(), extensions_topic(), contexts_topic(),
          offices_topic(), parking_topic(), prompts_topic(), conferences_topic(), voicemail_topic(),
          mail_topic(), trunks_topic(), tolls_topic(), sounds_topic(), recording_topic(), service_topic(),
          bans_topic(), later_topic()}) {
      all.sections.insert(all.sections.end(), topic.sections.begin(), topic.sections.end());
      all.keys.insert(all.keys.end(), topic.keys.begin(), topic.keys.end());
    }
    return all;
  }();
  return whole;
}

/// "profiles.*.listen" to "profiles.*" and "listen".
std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}
std::string_view name_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

template <class Rows>
auto find_row(const Rows& rows, std::string_view parent, std::string_view name) {
  const auto matches = [&](std::string_view wanted) {
    return std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
      return parent_of(row.path) == parent && name_of(row.path) == wanted;
    });
  };
  auto found = matches(name);
  if (found == rows.end()) {
    found = matches("*");
  }
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Key> keys() { return table().keys; }
std::span<const Section> sections() { return table().sections; }

const Key* find_key(std::string_view parent, std::string_view name) {
  return find_row(table().keys, parent, name);
}
const Section* find_section(std::string_view parent, std::string_view name) {
  return find_row(table().sections, parent, name);
}

std::vector<std::string> names_in(std::string_view parent) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view path) {
    const std::string_view name = name_of(path);
    if (parent_of(path) == parent && name != "*" &&
        std::find(names.begin(), names.end(), name) == names.end()) {
      names.emplace_back(name);
    }
  };
  for (const Section& section : table().sections) {
    add(section.path);
  }
  for (const Key& key : table().keys) {
    add(key.path);
  }
  return names;
}

std::string join(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : std::string(parent) + "." + std::string(name);
}

}  // namespace switchroom::config
