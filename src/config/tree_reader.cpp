#include "config/tree_reader.hpp"

#include "base/log.hpp"
#include "config/suggestions.hpp"
#include "config/value_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::config {
namespace {

bool ends_in_star(std::string_view path) { return path.ends_with('*'); }

std::vector<std::string> with(std::vector<std::string> names, const std::string& name) {
  names.push_back(name);
  return names;
}

std::vector<std::string> subsystems() {
  std::vector<std::string> names;
  names.reserve(log::subsystem_count);
  for (std::size_t i = 0; i < log::subsystem_count; ++i) {
    names.emplace_back(log::name(static_cast<log::Subsystem>(i)));
  }
  return names;
}

/// Keys without which their table means nothing.
struct Required {
  std::string_view table;
  std::string_view key;
  std::string_view missing;
  std::string_view or_else = {};  // a key that makes it needless
};
constexpr std::array required{
    Required{"profiles.*", "listen", "is missing: where SIP arrives, as in listen = [\"udp:0.0.0.0:5060\"]"},
    Required{"trunks.*", "host", "is missing: where the carrier is, as in host = \"sip.provider.example\""},
    Required{"inbound", "to", "is missing: who rings, as in to = \"1001\""},
    Required{"outbound", "dial", "is missing: what people dial, as in dial = '9(\\d{10,11})'"},
    Required{"outbound", "trunks", "is missing: who carries the call, as in trunks = [\"itsp\"]"},
    Required{"contexts.*", "do", "is missing: an entry without it does nothing", "cases"},
};

/// Why `name` cannot stand where the path has a star, or empty.
std::string wrong_name(std::string_view pattern, const std::string& name) {
  if ((pattern.starts_with("contexts.*.") && pattern.ends_with(".*")) || pattern == "menus.*.keys.*" ||
      pattern == "conference_controls.*.keys.*") {
    return {};  // the dialplan knows its fields
  }
  if (!is_name(name)) {
    return "the name may have letters, digits and . _ + * # - only, 64 at most";
  }
  if (pattern == "log.levels.*" && !log::parse_subsystem(name)) {
    return "is no subsystem" + did_you_mean(name, subsystems());
  }
  return {};
}

}  // namespace

TreeReader::TreeReader(Snapshot& snapshot, std::vector<Problem>& problems)
    : snapshot_(snapshot), problems_(problems) {}

void TreeReader::complain(const Place& place, const std::string& key, std::string what) {
  problems_.push_back({place, key, std::move(what)});
}

void TreeReader::read(const Node& root) {
  vars_ = read_vars(root, problems_);
  snapshot_.vars = vars_;
  for (const Section& section : sections()) {
    if (section.path.find('*') == std::string_view::npos && !section.repeated) {
      const Node::Entry* table = root.find(section.path);
      const Where where{std::string(section.path), std::string(section.path), {}};
      apply_fallbacks(table == nullptr ? Node() : table->value, where);
    }
  }
  read_table(root, {});
  // A conference needs no section of its own.
  if (auto& conference = snapshot_.conferences["default"]; conference.name.empty()) {
    conference.name = "default";
    apply_fallbacks(Node(), Where{"conferences.*", "conferences.default", {"default"}});
  }
}

void TreeReader::read_table(const Node& table, const Where& where) {
  for (const Node::Entry& entry : table.entries) {
    read_entry(entry, where);
  }
}

void TreeReader::read_entry(const Node::Entry& entry, const Where& where) {
  const Key* key = find_key(where.pattern, entry.key);
  const Section* section = find_section(where.pattern, entry.key);
  // "profiles.*" and "acl.*" are never both; an exact name goes before a star.
  if (section != nullptr && (key == nullptr || ends_in_star(key->path))) {
    read_section(*section, entry, where);
  } else if (key != nullptr) {
    read_key(*key, entry, where);
  } else {
    read_unknown(entry, where);
  }
}

void TreeReader::read_key(const Key& key, const Node::Entry& entry, const Where& where) {
  const std::string path = join(where.path, entry.key);
  if (key.set == nullptr) {
    complain(entry.place, path, "not in this version");
    return;
  }
  const bool star = ends_in_star(key.path);
  if (star) {
    if (std::string wrong = wrong_name(key.path, entry.key); !wrong.empty()) {
      complain(entry.place, path, std::move(wrong));
      return;
    }
  }
  places_[path] = entry.value.place;
  // A variable that refers to one that is missing has been reported with [vars] itself.
  const bool quiet = key.path == "vars.*" && entry.value.kind == Node::Kind::text;
  auto value = read_value(key, entry.value, vars_, [&](const Place& place, std::string what) {
    if (!quiet) {
      complain(place, path, std::move(what));
    }
  });
  if (value) {
    key.set(Target{snapshot_, star ? with(where.names, entry.key) : where.names}, *value);
  }
}

void TreeReader::read_section(const Section& section, const Node::Entry& entry, const Where& where) {
  const std::string path = join(where.path, entry.key);
  const bool star = ends_in_star(section.path);
  if (star) {
    if (std::string wrong = wrong_name(section.path, entry.key); !wrong.empty()) {
      complain(entry.place, path, std::move(wrong));
      return;
    }
  }
  const Where inner{std::string(section.path), path, star ? with(where.names, entry.key) : where.names};
  if (section.repeated) {
    if (!entry.value.is_table_list()) {
      complain(entry.place, path,
               fmt::format("is {}, but entries belong here: [[{}]]", kind_name(entry.value.kind), path));
      return;
    }
    for (const Node& item : entry.value.items) {
      begin(section, item, inner);
      read_table(item, inner);
    }
    return;
  }
  if (entry.value.kind != Node::Kind::table) {
    complain(entry.value.place, path,
             fmt::format("is {}, but a table belongs here: [{}]", kind_name(entry.value.kind), path));
    return;
  }
  begin(section, entry.value, inner);
  read_table(entry.value, inner);
}

/// Makes the thing that the table is about, with the defaults of what it does not set.
void TreeReader::begin(const Section& section, const Node& table, const Where& where) {
  places_.emplace(where.path, table.place);
  if (section.path == "profiles.*") {
    snapshot_.profiles[where.names[0]].name = where.names[0];
  } else if (section.path == "extensions.*") {
    snapshot_.extensions[where.names[0]].number = where.names[0];
  } else if (section.path == "contexts.*") {
    ContextEntry entry;
    entry.place = table.place;
    snapshot_.contexts[where.names[0]].push_back(std::move(entry));
  } else if (section.path == "contexts.*.cases") {
    snapshot_.contexts[where.names[0]].back().cases.push_back({{}, {}, {}, table.place});
  } else if (section.path == "contexts.*.cases.cases") {
    snapshot_.contexts[where.names[0]].back().cases.back().cases.push_back({{}, {}, {}, table.place});
  } else if (section.path == "menus.*") {
    Menu& menu = snapshot_.menus[where.names[0]];
    menu.name = where.names[0];
    menu.place = table.place;
  } else if (section.path == "ring_groups.*") {
    RingGroup& group = snapshot_.ring_groups[where.names[0]];
    group.name = where.names[0];
    group.place = table.place;
  } else if (section.path == "trunks.*") {
    snapshot_.trunks[where.names[0]].name = where.names[0];
    snapshot_.trunks[where.names[0]].place = table.place;
  } else if (section.path == "inbound") {
    snapshot_.inbound.emplace_back().place = table.place;
  } else if (section.path == "outbound") {
    snapshot_.outbound.emplace_back().place = table.place;
  } else if (section.path == "emergency") {
    snapshot_.emergency.place = table.place;
  } else if (section.path == "extensions.*.voicemail" || section.path == "voicemail.mailboxes.*") {
    begin_mailbox(table, where);
  } else if (section.path == "voicemail.lists.*") {
    snapshot_.voicemail.lists[where.names[0]].place = table.place;
  } else if (section.path == "conferences.*") {
    Conference& conference = snapshot_.conferences[where.names[0]];
    conference.name = where.names[0];
    conference.place = table.place;
  } else if (section.path == "conference_controls.*") {
    snapshot_.conference_controls[where.names[0]].place = table.place;
  } else if (section.path == "hours.*") {
    snapshot_.hours[where.names[0]].place = table.place;
  }
  for (const Required& one : required) {
    const bool instead = !one.or_else.empty() && (table.find(one.or_else) != nullptr);
    if (one.table == section.path && table.find(one.key) == nullptr && !instead) {
      complain(table.place, join(where.path, one.key), std::string(one.missing));
    }
  }
  if (section.path.find('*') != std::string_view::npos || section.repeated) {
    apply_fallbacks(table, where);
  }
}

/// An extension's mailbox and one of [voicemail.mailboxes] by the same name would be one mailbox.
void TreeReader::begin_mailbox(const Node& table, const Where& where) {
  const auto [mailbox, is_new] = snapshot_.voicemail.mailboxes.try_emplace(where.names[0]);
  if (!is_new) {
    complain(table.place, where.path, fmt::format("the mailbox {} stands in the file twice", where.names[0]));
  }
  mailbox->second.place = table.place;
}

void TreeReader::apply_fallbacks(const Node& table, const Where& where) {
  for (const Key& key : keys()) {
    const std::size_t dot = key.path.rfind('.');
    if (dot == std::string_view::npos || key.path.substr(0, dot) != where.pattern || key.fallback.empty() ||
        key.set == nullptr || table.find(key.path.substr(dot + 1)) != nullptr) {
      continue;
    }
    const std::string path = join(where.path, key.path.substr(dot + 1));
    auto value =
        read_value(key, fallback_node(key, table.place), {},
                   [&](const Place& place, std::string what) { complain(place, path, std::move(what)); });
    if (value) {
      key.set(Target{snapshot_, where.names}, *value);
    }
  }
}

void TreeReader::read_unknown(const Node::Entry& entry, const Where& where) {
  const std::string path = join(where.path, entry.key);
  std::string meant = did_you_mean(entry.key, names_in(where.pattern));
  if (meant.empty()) {
    // A key that has strayed into another table, as often happens below a [table].
    for (const Key& key : keys()) {
      const std::size_t dot = key.path.rfind('.');
      if (key.set != nullptr && dot != std::string_view::npos && key.path.substr(dot + 1) == entry.key &&
          key.path.find('*') == std::string_view::npos) {
        meant = fmt::format("; did you mean {} in [{}]", entry.key, key.path.substr(0, dot));
        break;
      }
    }
  }
  complain(entry.place, path,
           fmt::format("unknown {}{}",
                       entry.value.kind == Node::Kind::table || entry.value.is_table_list() ? "table" : "key",
                       meant));
}

}  // namespace switchroom::config
