#include "dialplan/dial_string.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace switchroom::dialplan {
namespace {

constexpr std::string_view special = "\\,|[]{}'";
// Inside of brackets any of these may be the separator.
constexpr std::string_view special_inside = "\\,|[]{}':;!~^#&/+*()";

std::string quoted(std::string_view text, std::string_view marks) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (marks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// The length of the "${…}" or "$${…}" at the beginning of `text`, with what it holds; 0: there is none.
std::size_t reference_length(std::string_view text) {
  std::size_t at = text.starts_with("${") ? 2 : text.starts_with("$${") ? 3 : 0;
  if (at == 0) return 0;
  for (std::size_t open = 1; at < text.size(); ++at) {
    if (text.substr(at).starts_with("${")) {
      ++open;
      ++at;
    } else if (text[at] == '}' && --open == 0) {
      return at + 1;
    }
  }
  return 0;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}
  base::result<DialString> run();

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char here() const { return text_[at_]; }
  void skip_blanks() {
    while (!at_end() && (here() == ' ' || here() == '\t')) ++at_;
  }
  /// One character, or what stands for one, goes to `out`; a reference goes there as a whole.
  void take(std::string& out);
  void take_quoted(std::string& out);
  /// From behind the opening bracket to behind the closing one.
  base::result<Assignments> assignments(char closing);
  base::result<void> target(DialRound& round);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t targets_ = 0;
};

void Parser::take(std::string& out) {
  const auto rest = text_.substr(at_);
  std::size_t length = reference_length(rest);
  if (length == 0) length = 1;
  if (rest.front() == '\\' && rest.size() > 1 && special_inside.find(rest[1]) != std::string_view::npos) {
    ++at_;  // the backslash itself is left out
  }
  out += text_.substr(at_, length);
  at_ += length;
}

void Parser::take_quoted(std::string& out) {
  ++at_;
  while (!at_end() && here() != '\'') take(out);
  if (!at_end()) ++at_;
}

base::result<Assignments> Parser::assignments(char closing) {
  const std::size_t begin = at_ - 1;
  char separator = ',';
  if (text_.substr(at_).starts_with("^^") && at_ + 2 < text_.size()) {
    separator = text_[at_ + 2];
    at_ += 3;
  }
  Assignments found;
  while (!at_end()) {
    std::string name;
    skip_blanks();
    while (!at_end() && here() != '=' && here() != separator && here() != closing) take(name);
    std::string value;
    const bool assigned = !at_end() && here() == '=';
    if (assigned) {
      ++at_;
      if (!at_end() && here() == '\'') take_quoted(value);
      // What stands in parentheses is one piece: a tone's %(2000,4000,440,480).
      for (int open = 0; !at_end() && here() != closing && (open > 0 || here() != separator); take(value)) {
        open += here() == '(' ? 1 : here() == ')' ? -1 : 0;
      }
    }
    name = trimmed(name);
    if (assigned && !name.empty()) {
      found.emplace_back(std::move(name), std::move(value));
    } else if (assigned || !name.empty()) {
      return base::Error{fmt::format("\"{}\" is no NAME=VALUE", name)};
    }
    if (at_end()) break;
    if (text_[at_++] == closing) return found;
  }
  return base::Error{fmt::format("\"{}\" is not closed by {}", text_.substr(begin), closing)};
}

base::result<void> Parser::target(DialRound& round) {
  Assignments own;
  skip_blanks();
  while (!at_end() && here() == '[') {
    ++at_;
    auto more = assignments(']');
    if (!more) return more.error();
    own.insert(own.end(), more->begin(), more->end());
    skip_blanks();
  }
  if (!at_end() && here() == '{') {
    return base::Error{"{…} stands at the very beginning; variables of one target stand in […]"};
  }
  std::string address;
  while (!at_end() && here() != ',' && here() != '|') take(address);
  const auto text = trimmed(address);
  if (text.empty()) {
    return own.empty() ? base::result<void>() : base::Error{"[…] with nobody behind it"};
  }
  auto parsed = parse_dial_target(text);
  if (!parsed) return parsed.error();
  if (++targets_ > most_targets) {
    return base::Error{fmt::format("more than {} targets", most_targets)};
  }
  parsed->variables = std::move(own);
  round.push_back(std::move(*parsed));
  return {};
}

base::result<DialString> Parser::run() {
  DialString found;
  skip_blanks();
  while (!at_end() && here() == '{') {
    ++at_;
    auto more = assignments('}');
    if (!more) return more.error();
    found.variables.insert(found.variables.end(), more->begin(), more->end());
    skip_blanks();
  }
  DialRound round;
  while (!at_end()) {
    if (auto read = target(round); !read) return read.error();
    if (!at_end() && text_[at_++] == '|' && !round.empty()) found.rounds.push_back(std::exchange(round, {}));
  }
  if (!round.empty()) found.rounds.push_back(std::move(round));
  if (found.rounds.empty()) {
    return base::Error{
        "it needs somebody to call: user/1002, group/sales, trunk/NAME/NUMBER or sip:name@host"};
  }
  return found;
}

/// Whether `text` is one reference and nothing else.
bool is_whole_reference(std::string_view text) {
  text = trimmed(text);
  return !text.empty() && reference_length(text) == text.size();
}

}  // namespace

base::result<DialString> parse_dial_string(std::string_view text) { return Parser(text).run(); }

std::string quoted_for_dialling(std::string_view text) { return quoted(text, special); }

namespace {

/// The text of a dial string before its variables are replaced, piece by piece.
class Expander {
 public:
  Expander(const Variables& variables, const Variables& globals) : variables_(variables), globals_(globals) {}

  std::string run(std::string_view text) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
      if (const auto length = reference_length(text.substr(at)); length != 0) {
        at += length;
      } else if (text[at] == '\\') {
        at = std::min(at + 2, text.size());
      } else if (is_border(text[at])) {
        add(text.substr(begin, at - begin), text[at] == ',' || text[at] == '|');
        out_ += text[at];
        closing_ = closing_ != 0 ? '\0' : text[at] == '{' ? '}' : text[at] == '[' ? ']' : '\0';
        begin = ++at;
      } else {
        ++at;
      }
    }
    add(text.substr(begin), true);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_border(char c) const {
    return closing_ != 0 ? c == closing_ : c == ',' || c == '|' || c == '[' || c == '{';
  }
  void add(std::string_view piece, bool ends_target) {
    if (closing_ == 0 && ends_target && is_whole_reference(piece)) {
      out_ += expand(piece, variables_, globals_);
      return;
    }
    const auto marks = closing_ != 0 ? special_inside : special;
    const Variables quoting = [&](std::string_view name) { return quoted(variables_(name), marks); };
    out_ += expand(piece, quoting, globals_);  // globals are the file's own
  }

  const Variables& variables_;
  const Variables& globals_;
  std::string out_;
  char closing_ = 0;  // of the brackets that are open
};

}  // namespace

std::string expand_dial_string(std::string_view text, const Variables& variables, const Variables& globals) {
  return Expander(variables, globals).run(text);
}

bool takes_dial_string(std::string_view application) { return application == "bridge"; }

}  // namespace switchroom::dialplan
