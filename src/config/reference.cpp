// docs/configuration.md, from the table of keys.
#include "config/keys.hpp"
#include "config/value_reader.hpp"

#include <fmt/core.h>

namespace switchroom::config {
namespace {

std::string_view type_text(Type type) {
  switch (type) {
    case Type::text: return "text";
    case Type::texts: return "list of text";
    case Type::lines: return "text with line breaks";
    case Type::duration: return "duration";
    case Type::integer: return "whole number";
    case Type::boolean: return "true or false";
    case Type::size: return "size";
    case Type::ports: return "port range";
    case Type::address: return "IP address";
    case Type::host: return "name or address";
    case Type::networks: return "list of networks";
    case Type::listeners: return "list of listeners";
    case Type::word: return "word";
    case Type::words: return "list of words";
    case Type::path: return "path";
    case Type::secret: return "password";
    case Type::secret_file: return "path";
    case Type::zone: return "time zone";
    case Type::actions: return "list of applications";
  }
  return "";
}

std::string default_text(const Key& key) {
  if (key.fallback.empty()) {
    return "";
  }
  if (key.type == Type::integer || key.type == Type::boolean) {
    return fmt::format("`{}`", key.fallback);
  }
  if (key.type != Type::words && key.type != Type::texts) {
    return fmt::format("`\"{}\"`", key.fallback);
  }
  const Node written = fallback_node(key, {});
  std::string list;
  for (const Node& item : written.items) {
    list += (list.empty() ? "\"" : ", \"") + item.text + "\"";
  }
  return "`[" + list + "]`";
}

std::string allowed_text(const Key& key) {
  if (key.type == Type::word || key.type == Type::words) {
    std::string list;
    for (const std::string& word : built_words(key.allowed)) {
      list += (list.empty() ? "`" : ", `") + word + "`";
    }
    return list;
  }
  const std::size_t dots = key.allowed.find("..");
  if (dots == std::string_view::npos) {
    return key.allowed.empty() ? "" : fmt::format("at most {} bytes", key.allowed);
  }
  return fmt::format("{} to {}", key.allowed.substr(0, dots), key.allowed.substr(dots + 2));
}

std::string heading(const Section& section) {
  std::string name(section.path);
  for (std::size_t star = name.find('*'); star != std::string::npos; star = name.find('*')) {
    name.replace(star, 1, "NAME");
  }
  return section.repeated ? "[[" + name + "]]" : "[" + name + "]";
}

std::string rows_of(const Section& section) {
  std::string rows;
  for (const Key& key : keys()) {
    const std::size_t dot = key.path.rfind('.');
    if (key.set == nullptr || dot == std::string_view::npos || key.path.substr(0, dot) != section.path) {
      continue;
    }
    const std::string_view name = key.path.substr(dot + 1);
    rows += fmt::format("| `{}` | {} | {} | {} | {} |\n", name == "*" ? "NAME" : name, type_text(key.type),
                        default_text(key), allowed_text(key), key.about);
  }
  return rows.empty() ? rows
                      : "\n| key | type | default | allowed | what it does |\n|---|---|---|---|---|\n" + rows;
}

constexpr std::string_view preface = R"(# Configuration

This page is written by the table of keys that reads the file (`src/config/keys.cpp`); a test compares
the two. `config.example.toml` is the same as a file to start from.

The file is [TOML](https://toml.io). `switchroom check FILE` tells everything that is wrong with it in
one pass, each as `file:line:column: key: what is wrong`; `pbxctl reload` and SIGHUP do the same first,
and change nothing when something is wrong. Unknown keys are refused, and so are keys of features that
this version does not have. What works as it is written and is seldom meant is a warning, and no more:
`file:line:column: key: warning: what it means`.

A reload takes everything into force at once but for the keys below that say "from the next start on". When
one of those has changed, the answer to `pbxctl reload` and the log name it, and what runs keeps its value
until then, also in paths that are seen from `data_dir`.

Notations: a duration is a whole number and `ms`, `s`, `m`, `h` or `d`, in quotes: `"30s"`. A size is a
whole number and `K`, `M` or `G` (powers of 1024), in quotes: `"10M"`. A listener is `udp:`, `tcp:` or `tls:`, an
address (IPv6 in brackets) and a port. A network is an address, or one with the length of its prefix:
`"10.0.0.0/8"`. Names of tables have letters, digits and `. _ + * # -`. A text in double quotes needs each
backslash twice; in single quotes it stands for itself, which suits patterns: `'^10\d\d$'`. `$${name}` in
any text is replaced by `name` of `[vars]`, except in `include`.
)";

}  // namespace

std::string reference() {
  std::string out(preface);
  for (const Section& section : sections()) {
    if (!section.about.empty()) {
      out += fmt::format("\n## {}\n\n{}\n{}", heading(section), section.about, rows_of(section));
    }
  }
  out += "\n## Not in this version\n\nThese keys are refused until the features behind them are built:";
  std::string_view comma = " ";
  for (const Key& key : keys()) {
    if (key.set == nullptr) {
      out += fmt::format("{}`{}`", comma, key.path);
      comma = ", ";
    }
  }
  return out + ".\n";
}

}  // namespace switchroom::config
