#include "config/value_reader.hpp"

#include "base/zones.hpp"
#include "config/files.hpp"
#include "config/suggestions.hpp"
#include "config/syntax.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace switchroom::config {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + by.size(), text.size()));
  }
  return parts;
}

/// Printable text for a sentence, cut where it is long.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return out.size() < text.size() ? out + "…" : out;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && edit_distance(a, b) == 0;  // letters' case does not count
}

struct Word {
  std::string text;
};

/// The word as the table writes it, or why it is refused.
base::result<Word> find_word(std::string_view allowed, std::string_view word) {
  for (const std::string& known : split(allowed, "|")) {
    if (!known.starts_with('!') && same_word(known, word)) {
      return Word{known};
    }
    if (known.starts_with('!') && same_word(std::string_view(known).substr(1), word)) {
      return base::Error{fmt::format("\"{}\" is not in this version", word)};
    }
  }
  const std::vector<std::string> words = built_words(allowed);
  std::string list;
  for (const std::string& known : words) {
    list += (list.empty() ? "" : ", ") + known;
  }
  const std::string meant = did_you_mean(word, words);
  return base::Error{fmt::format("\"{}\" is none of {}{}", shown(word), list, meant)};
}

class Reading {
 public:
  Reading(const Key& key, const Vars& vars, const Complain& complain)
      : key_(key), vars_(vars), complain_(complain) {}

  std::optional<Value> read(const Node& node) {
    value_.place = node.place;
    const bool good = is_list() ? read_list(node) : read_single(node);
    return good ? std::optional<Value>(std::move(value_)) : std::nullopt;
  }

 private:
  [[nodiscard]] bool is_list() const {
    return key_.type == Type::texts || key_.type == Type::words || key_.type == Type::listeners ||
           key_.type == Type::networks || key_.type == Type::actions;
  }
  [[nodiscard]] bool is_secret() const { return key_.type == Type::secret || key_.type == Type::secret_file; }

  bool fail(const Place& place, std::string what) {
    complain_(place, std::move(what));
    return false;
  }
  bool wrong_kind(const Node& node, std::string_view wanted) {
    return fail(node.place, fmt::format("is {}, but {} belongs here", kind_name(node.kind), wanted));
  }

  bool read_single(const Node& node) {
    if (key_.type == Type::integer) {
      return read_integer(node);
    }
    if (key_.type == Type::boolean) {
      value_.flag = node.flag;
      return node.kind == Node::Kind::boolean || wrong_kind(node, "true or false without quotes");
    }
    if (node.kind != Node::Kind::text) {
      return wrong_kind(node, example());
    }
    const auto text = plain_text(node);
    return text && read_text(*text, node.place);
  }

  bool read_integer(const Node& node) {
    if (node.kind != Node::Kind::integer) {
      return wrong_kind(node, "a whole number without quotes");
    }
    const std::vector<std::string> ends = split(key_.allowed, "..");
    const std::int64_t low = std::stoll(ends.at(0));
    const std::int64_t high = std::stoll(ends.at(1));
    if (node.number < low || node.number > high) {
      return fail(node.place, fmt::format("{} is out of range: {} to {}", node.number, low, high));
    }
    value_.number = node.number;
    return true;
  }

  /// What belongs here, for a value of the wrong kind.
  [[nodiscard]] std::string_view example() const {
    switch (key_.type) {
      case Type::duration: return "a duration in quotes, as in \"30s\",";
      case Type::size: return "a size in quotes, as in \"10M\",";
      case Type::ports: return "a port range in quotes, as in \"16384-32768\",";
      default: return "text in quotes";
    }
  }

  /// With variables replaced, and without characters that could end a line of SIP or of the log.
  std::optional<std::string> plain_text(const Node& node) {
    std::string wrong;
    auto text = replace_vars(node.text, vars_, wrong);
    if (!text) {
      fail(node.place, wrong);
      return std::nullopt;
    }
    const bool lines = key_.type == Type::lines;
    if (std::any_of(text->begin(), text->end(), [&](unsigned char c) {
          return (c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7F;
        })) {
      fail(node.place, "holds a control character (a line break, a tab …)");
      return std::nullopt;
    }
    return text;
  }

  /// Takes a parsed value, or says why there is none.
  template <class T, class Take>
  bool take(const base::result<T>& parsed, const Place& place, const Take& keep) {
    if (!parsed) {
      return fail(place, parsed.error().what);
    }
    keep(*parsed);
    return true;
  }

  bool read_text(const std::string& text, const Place& place) {
    value_.text = text;
    switch (key_.type) {
      case Type::duration: return read_duration(text, place);
      case Type::size: return read_size(text, place);
      case Type::ports:
        return take(parse_port_range(text), place, [this](const auto& ends) {
          value_.first = ends.first;
          value_.last = ends.second;
        });
      case Type::address: return text.empty() || read_address(text, place);
      case Type::host:
        return text.empty() || is_host(text) ||
               fail(place, fmt::format("\"{}\" is neither a name nor an address", shown(text)));
      case Type::word:
        return take(find_word(key_.allowed, text), place,
                    [this](const Word& word) { value_.text = word.text; });
      case Type::secret: return read_secret(text, place);
      case Type::secret_file: return read_secret_file(text, place);
      case Type::zone: return text.empty() || read_zone(text, place);
      default: return read_length(text, place);
    }
  }

  bool read_length(const std::string& text, const Place& place) {
    std::uint64_t longest = 4096;
    (void)parse_number(key_.allowed, longest);
    return text.size() <= longest || fail(place, fmt::format("is longer than {} bytes", longest));
  }

  bool read_duration(const std::string& text, const Place& place) {
    const auto duration = parse_duration(text);
    if (!duration) {
      return fail(place, duration.error().what);
    }
    const std::vector<std::string> ends = split(key_.allowed, "..");
    const auto low = parse_duration(ends.at(0));
    const auto high = parse_duration(ends.at(1));
    if (*duration < *low || *duration > *high) {
      return fail(place, fmt::format("\"{}\" is out of range: {} to {}", text, ends[0], ends[1]));
    }
    if (duration->count() % 1000 != 0) {
      return fail(place, fmt::format("\"{}\" is not a number of whole seconds", text));
    }
    value_.number = duration->count() / 1000;
    return true;
  }

  bool read_size(const std::string& text, const Place& place) {
    const auto size = parse_size(text);
    if (!size) {
      return fail(place, size.error().what);
    }
    const std::vector<std::string> ends = split(key_.allowed, "..");
    if (*size < *parse_size(ends.at(0)) || *size > *parse_size(ends.at(1))) {
      return fail(place, fmt::format("\"{}\" is out of range: {} to {}", text, ends[0], ends[1]));
    }
    value_.number = static_cast<std::int64_t>(*size);
    return true;
  }

  bool read_address(const std::string& text, const Place& place) {
    error_code bad;
    const base::IpAddress address = asio::ip::make_address(text, bad);
    if (bad) {
      return fail(place,
                  fmt::format("\"{}\" is not an IP address (names are not looked up here)", shown(text)));
    }
    if (address.is_unspecified() || address.is_multicast()) {
      return fail(place, fmt::format("\"{}\" is no address that anyone could send to", text));
    }
    value_.text = address.to_string();
    return true;
  }

  bool read_secret(const std::string& text, const Place& place) {
    constexpr std::string_view prefix = "env:";
    if (!text.starts_with(prefix)) {
      return !text.empty() || fail(place, "is empty");
    }
    const std::string name = text.substr(prefix.size());
    const char* found =
        name.empty() ? nullptr : std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing sets
                                                             // the environment after the start
    if (found == nullptr || *found == '\0') {
      return fail(place, fmt::format("the environment variable \"{}\" is not set", shown(name)));
    }
    value_.text = found;
    return check_secret(place);
  }

  bool read_secret_file(const std::string& text, const Place& place) {
    const std::filesystem::path file = seen_from(place, text);
    const auto content = read_file(file);
    if (!content) {
      return fail(place, fmt::format("\"{}\" {}", file.string(), content.error().what));
    }
    value_.text = content->text.substr(0, content->text.find_first_of("\r\n"));
    return value_.text.empty() ? fail(place, fmt::format("the first line of \"{}\" is empty", file.string()))
                               : check_secret(place);
  }

  bool check_secret(const Place& place) {
    const bool control = std::any_of(value_.text.begin(), value_.text.end(),
                                     [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    return value_.text.size() <= 256 && !control
               ? true
               : fail(place, "the password there is longer than 256 bytes or holds control characters");
  }

  bool read_zone(const std::string& text, const Place& place) {
    const char* set = std::getenv("TZDIR");  // NOLINT(concurrency-mt-unsafe): as above
    const std::filesystem::path folder = set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo";
    const bool plain =
        text.find("..") == std::string::npos && !text.starts_with('/') && !text.starts_with('.');
    std::error_code missing;
    if (!base::zone_rule(text) && (!plain || !std::filesystem::is_regular_file(folder / text, missing))) {
      return fail(place, fmt::format("there is no zone \"{}\"; zones are named as in \"Europe/Berlin\"",
                                     shown(text)));
    }
    return true;
  }

  bool read_list(const Node& node) {
    if (node.kind != Node::Kind::list) {
      return fail(node.place,
                  fmt::format("is {}, but a list belongs here: [\"…\", \"…\"]", kind_name(node.kind)));
    }
    bool good = true;
    for (const Node& item : node.items) {
      good = read_item(item) && good;
    }
    const bool may_be_empty = key_.type == Type::texts || key_.type == Type::networks;
    return node.items.empty() && !may_be_empty ? fail(node.place, "is an empty list") : good;
  }

  bool read_item(const Node& node) {
    if (node.kind != Node::Kind::text) {
      return fail(node.place,
                  fmt::format("the list holds {}, but text in quotes belongs here", kind_name(node.kind)));
    }
    const auto text = plain_text(node);
    if (!text) {
      return false;
    }
    Item item{*text, node.place};
    switch (key_.type) {
      case Type::networks:
        return take(parse_network(*text), node.place,
                    [this](const Network& network) { value_.networks.push_back(network); });
      case Type::listeners:
        if (const auto listener = parse_listener(*text); !listener) {
          return fail(node.place, listener.error().what);
        }
        break;
      case Type::words: {
        const auto word = find_word(key_.allowed, *text);
        if (!word) {
          return fail(node.place, word.error().what);
        }
        item.text = word->text;
        if (std::any_of(value_.items.begin(), value_.items.end(),
                        [&](const Item& other) { return other.text == item.text; })) {
          return fail(node.place, fmt::format("{} stands in the list twice", item.text));
        }
        break;
      }
      case Type::actions:
        if (text->find_first_not_of(' ') == std::string::npos) {
          return fail(node.place, "an application's name is missing");
        }
        break;
      default:
        if (text->empty()) {
          return fail(node.place, "the list holds an empty text");
        }
        break;
    }
    value_.items.push_back(std::move(item));
    return true;
  }

  const Key& key_;
  const Vars& vars_;
  const Complain& complain_;
  Value value_;
};

}  // namespace

std::optional<Value> read_value(const Key& key, const Node& node, const Vars& vars,
                                const Complain& complain) {
  return Reading(key, vars, complain).read(node);
}

Node fallback_node(const Key& key, const Place& place) {
  Node node;
  node.place = place;
  node.kind = Node::Kind::text;
  node.text = key.fallback;
  std::uint64_t number = 0;
  switch (key.type) {
    case Type::integer:
      (void)parse_number(key.fallback, number);
      node.kind = Node::Kind::integer;
      node.number = static_cast<std::int64_t>(number);
      break;
    case Type::boolean:
      node.kind = Node::Kind::boolean;
      node.flag = key.fallback == "true";
      break;
    case Type::texts:
    case Type::words:
      node.kind = Node::Kind::list;
      for (const std::string& part : split(key.fallback, ", ")) {
        Node item;
        item.kind = Node::Kind::text;
        item.text = part;
        item.place = place;
        node.items.push_back(std::move(item));
      }
      break;
    default: break;
  }
  return node;
}

std::vector<std::string> built_words(std::string_view allowed) {
  std::vector<std::string> words = split(allowed, "|");
  std::erase_if(words, [](const std::string& word) { return word.starts_with('!'); });
  return words;
}

std::filesystem::path seen_from(const Place& place, std::string_view path) {
  const std::filesystem::path folder = std::filesystem::path(place.file).parent_path();
  return (folder / std::filesystem::path(path)).lexically_normal();
}

}  // namespace switchroom::config
