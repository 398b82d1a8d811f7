#include "config/document.hpp"

namespace switchroom::config {
namespace {

/// toml++ 3.3 asserts what some texts break ("[=]"): that must not end a running exchange at a reload.
struct ParserGaveUp {};
constexpr void parser_assumes(bool holds) {
  if (!holds) {
    throw ParserGaveUp{};
  }
}

}  // namespace
}  // namespace switchroom::config

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
#define TOML_ASSERT(expression) ::switchroom::config::parser_assumes(static_cast<bool>(expression))
#ifdef NDEBUG
#error "toml++ would replace TOML_ASSERT by nothing, and run into what it asserts"
#endif
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace switchroom::config {
namespace {

/// More parts than any key of ours has. toml++ bounds the nesting of values but not of dotted keys, and
/// a tree takes as much stack to destroy as it is deep.
constexpr int max_key_parts = 16;

/// The sentence for what toml++ says where it says it in the parser's terms.
struct Saying {
  std::string_view fragment;
  std::string_view sentence;
};
constexpr std::array sayings{
    Saying{"could not determine value type", "this is no TOML value: text stands in quotes, as in \"text\""},
    Saying{"values may not begin with underscores",
           "this is no TOML value: text stands in quotes, as in \"text\""},
    Saying{"line-endings are prohibited", "the text is not closed on its line: a quote is missing"},
    Saying{"unescaped control characters",
           "the text is not closed on its line (a quote is missing), or holds a control character"},
    Saying{"cannot redefine existing", "this key or table stands here for the second time in the file"},
    Saying{"expected bare key starting character", "a key was expected here: a name, then = and its value"},
    Saying{"expected '=',", "a = was expected between the key and its value"},
    Saying{"expected ']'", "a ] is missing: a table is [name], a list [\"a\", \"b\"]"},
    Saying{"expected value, saw", "the value is missing after the ="},
    Saying{
        "unknown escape sequence",
        "a backslash in double quotes begins an escape; in single quotes it is itself, as in '^10\\d\\d$'"},
    Saying{"maximum nested value depth", "lists and tables are nested too deep"},
    Saying{"encountered end-of-file",
           "the file ends in the middle of this: a quote or a bracket is not closed"},
};

std::string_view line_of(std::string_view text, std::uint32_t line) {
  std::size_t begin = 0;
  for (std::uint32_t at = 1; at < line; ++at) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) {
      return {};
    }
    begin = end + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// May the parser's own words be shown, which quote what stands there? Not next to a secret: a password
/// that lost a quote must not end in a log. The line before counts too, for text over several lines.
bool near_secret(std::string_view text, std::uint32_t line) {
  for (std::uint32_t at = line > 1 ? line - 1 : 1; at <= line; ++at) {
    std::string lower(line_of(text, at));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.find("pass") != std::string::npos || lower.find("secret") != std::string::npos ||
        lower.find("pin") != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::string sentence_for(std::string_view description, bool secret) {
  for (const Saying& saying : sayings) {
    if (description.find(saying.fragment) != std::string_view::npos) {
      return std::string(saying.sentence);
    }
  }
  if (secret) {
    return "this is not valid TOML (the line is not quoted here because it may hold a password)";
  }
  constexpr std::string_view prefix = "Error while parsing ";
  if (description.starts_with(prefix)) {
    description.remove_prefix(prefix.size());
  }
  std::string shown(description.substr(0, 200));
  std::replace_if(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
  return "this is not valid TOML: " + shown;
}

/// The offset of the first byte that is not UTF-8 (RFC 3629), or npos.
std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = byte < 0x80                   ? 1
                               : byte >= 0xC2 && byte < 0xE0 ? 2
                               : byte >= 0xE0 && byte < 0xF0 ? 3
                               : byte >= 0xF0 && byte < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || at + length > text.size()) {
      return at;
    }
    for (std::size_t next = 1; next < length; ++next) {
      const auto follow = static_cast<unsigned char>(text[at + next]);
      const bool overlong = next == 1 && ((byte == 0xE0 && follow < 0xA0) || (byte == 0xF0 && follow < 0x90));
      const bool outside = next == 1 && ((byte == 0xED && follow > 0x9F) || (byte == 0xF4 && follow > 0x8F));
      if ((follow & 0xC0U) != 0x80U || overlong || outside) {
        return at;
      }
    }
    at += length;
  }
  return std::string_view::npos;
}

/// Walks the text as TOML's lexer would, as far as strings and comments go, and finds the first dotted
/// key of too many parts. Wherever this and toml++ could disagree toml++ has stopped with an error before.
class KeyDepth {
 public:
  explicit KeyDepth(std::string_view text) : text_(text) {}
  std::size_t find() {
    while (at_ < text_.size()) {
      if (!step()) {
        return at_;
      }
    }
    return std::string_view::npos;
  }

 private:
  bool step() {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    }
    if (c == '"' || c == '\'') {
      skip_string(c);
      return true;
    }
    if (c == '.' && ++dots_ >= max_key_parts) {
      return false;
    }
    if (std::string_view("=\n,{}[]").find(c) != std::string_view::npos) {
      dots_ = 0;
    }
    ++at_;
    return true;
  }
  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multi = text_.substr(at_, 3) == triple;
    at_ += multi ? 3 : 1;
    while (at_ < text_.size()) {
      if (quote == '"' && text_[at_] == '\\') {
        at_ += 2;
      } else if (multi ? text_.substr(at_, 3) == triple : text_[at_] == quote || text_[at_] == '\n') {
        break;
      } else {
        ++at_;
      }
    }
    at_ += multi ? 3 : 1;
    while (multi && at_ < text_.size() && text_[at_] == quote) {
      ++at_;  // up to two quotes may stand right before the closing three
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
};

Place place_of(std::string_view text, std::size_t offset, const std::string& file) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return Place{file, line, static_cast<std::uint32_t>(column)};
}

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Node convert(const toml::node& from) const {
    Node node;
    node.place = place(from.source());
    if (const toml::table* table = from.as_table()) {
      fill_table(node, *table);
    } else if (const toml::array* array = from.as_array()) {
      node.kind = Node::Kind::list;
      for (const toml::node& item : *array) {
        node.items.push_back(convert(item));
      }
    } else {
      fill_scalar(node, from);
    }
    return node;
  }

 private:
  Place place(const toml::source_region& source) const {
    return Place{file_, static_cast<std::uint32_t>(source.begin.line),
                 static_cast<std::uint32_t>(source.begin.column)};
  }
  void fill_table(Node& node, const toml::table& table) const {
    node.kind = Node::Kind::table;
    for (const auto& [key, value] : table) {
      node.entries.push_back({std::string(key.str()), place(key.source()), convert(value)});
    }
    // toml++ keeps tables sorted by name; problems are told in the order of the file.
    std::sort(node.entries.begin(), node.entries.end(), [](const Node::Entry& a, const Node::Entry& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
  }
  static void fill_scalar(Node& node, const toml::node& from) {
    if (const auto* text = from.as_string()) {
      node.kind = Node::Kind::text;
      node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
      node.kind = Node::Kind::integer;
      node.number = integer->get();
    } else if (const auto* boolean = from.as_boolean()) {
      node.kind = Node::Kind::boolean;
      node.flag = boolean->get();
    } else {
      node.kind = from.is_floating_point() ? Node::Kind::real : Node::Kind::date;
    }
  }

  const std::string& file_;
};

std::optional<toml::parse_result> try_parse(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text, file);
  } catch (const ParserGaveUp&) {
    return std::nullopt;
  }
}

/// The first line that toml++ gives up at. It reads from the front, so it gives up on every longer part
/// of the text too, and halving finds the line.
std::uint32_t line_of_surrender(std::string_view text, const std::string& file) {
  std::vector<std::size_t> ends;  // of lines, behind their newline
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    ends.push_back(at + 1);
  }
  const auto first = std::partition_point(ends.begin(), ends.end(), [&](std::size_t end) {
    return try_parse(text.substr(0, end), file).has_value();
  });
  return static_cast<std::uint32_t>(first - ends.begin() + 1);
}

}  // namespace

const Node::Entry* Node::find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

bool Node::is_table_list() const {
  return kind == Kind::list && !items.empty() &&
         std::all_of(items.begin(), items.end(), [](const Node& item) { return item.kind == Kind::table; });
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::text: return "text";
    case Node::Kind::integer: return "a whole number";
    case Node::Kind::real: return "a number with a point";
    case Node::Kind::boolean: return "true or false";
    case Node::Kind::date: return "a date or time";
    case Node::Kind::list: return "a list";
    case Node::Kind::table: return "a table";
  }
  return "something else";
}

std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<Problem>& problems) {
  if (text.size() > max_file_bytes) {
    problems.push_back({{file, 0, 0}, "", "is larger than 4 MiB: split it with [pbx] include"});
    return std::nullopt;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    problems.push_back(
        {place_of(text, bad, file), "", "the file is not UTF-8 from here on: save it as UTF-8"});
    return std::nullopt;
  }
  if (const std::size_t deep = KeyDepth(text).find(); deep != std::string_view::npos) {
    problems.push_back({place_of(text, deep, file), "", "a key has too many parts between its dots"});
    return std::nullopt;
  }
  const auto parsed = try_parse(text, file);
  if (!parsed) {
    problems.push_back({{file, line_of_surrender(text, file), 1},
                        "",
                        "this is not valid TOML: a key or a value was expected"});
    return std::nullopt;
  }
  if (!*parsed) {
    const toml::parse_error& error = parsed->error();
    const auto line = static_cast<std::uint32_t>(error.source().begin.line);
    const auto column = static_cast<std::uint32_t>(error.source().begin.column);
    problems.push_back(
        {{file, line, column}, "", sentence_for(error.description(), near_secret(text, line))});
    return std::nullopt;
  }
  return Converter(file).convert(parsed->table());
}

}  // namespace switchroom::config
