// ${name}, ${name:offset:length} and $${global}: one pass with a stack, so that no text takes more than
// linear time.
#include "dialplan/plan.hpp"

#include <charconv>
#include <optional>

namespace switchroom::dialplan {
namespace {

constexpr std::size_t deepest = 8;
constexpr std::size_t longest = 64U << 10U;  // bytes

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// Characters of UTF-8; in a text that is not, bytes that begin none count with the one before.
std::size_t length_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += continues_character(c) ? 0 : 1;
  return count;
}

std::string_view without_first(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; characters > 0 && at < text.size(); --characters) {
    do ++at;
    while (at < text.size() && continues_character(text[at]));
  }
  return text.substr(at);
}

/// A negative offset counts from the end, one before the start is the start; a negative length ends that
/// many characters before the end.
std::string_view slice(std::string_view text, long offset, std::optional<long> length) {
  const auto total = static_cast<long>(length_of(text));
  if (offset < 0) offset = std::max(0L, total + offset);
  offset = std::min(offset, total);
  long end = total;
  if (length)
    end = *length < 0 ? total + std::max(*length, -total) : offset + std::min(*length, total - offset);
  if (end <= offset) return {};
  const auto rest = without_first(text, static_cast<std::size_t>(offset));
  return rest.substr(0, rest.size() - without_first(rest, static_cast<std::size_t>(end - offset)).size());
}

std::optional<long> number(std::string_view text) {
  long value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr long bound = 1'000'000;  // more than any text has: sums cannot overflow
  if (error != std::errc{} || stop != text.data() + text.size() || value > bound || value < -bound) {
    return std::nullopt;
  }
  return value;
}

struct Reference {
  std::string_view name;
  std::optional<long> offset;
  std::optional<long> length;
};

/// "name:2:-1"; colons that no numbers follow belong to the name, as in strftime(%H:%M).
Reference parse_reference(std::string_view text) {
  const auto last = text.rfind(':');
  if (last == std::string_view::npos) return {text, {}, {}};
  const auto last_number = number(text.substr(last + 1));
  if (!last_number) return {text, {}, {}};
  const auto before = text.substr(0, last);
  const auto first = before.rfind(':');
  const auto first_number = first == std::string_view::npos ? std::nullopt : number(before.substr(first + 1));
  if (first_number) return {before.substr(0, first), first_number, last_number};
  return {before, last_number, {}};
}

class Expansion {
 public:
  Expansion(const Variables& variables, const Variables& globals)
      : variables_(variables), globals_(globals) {}
  std::string run(std::string_view text);

 private:
  struct Open {
    std::string_view opener;  // "${" or "$${"
    std::string outer;        // what stands before it
  };

  void append(std::string_view text) { out_ += text.substr(0, longest - std::min(longest, out_.size())); }
  void open(std::string_view opener);
  void close();

  const Variables& variables_;
  const Variables& globals_;
  std::string out_;  // of the innermost open reference
  std::vector<Open> open_;
  std::size_t too_deep_ = 0;  // openers beyond the depth: text, and so are their braces
};

void Expansion::open(std::string_view opener) {
  if (open_.size() == deepest) {
    ++too_deep_;
    append(opener);
    return;
  }
  open_.push_back({opener, std::move(out_)});
  out_.clear();
}

void Expansion::close() {
  if (too_deep_ > 0) {
    --too_deep_;
    append("}");
    return;
  }
  if (open_.empty()) {
    append("}");
    return;
  }
  const auto reference = parse_reference(out_);
  const auto& source = open_.back().opener == "${" ? variables_ : globals_;
  const auto value = source ? source(reference.name) : std::string();
  const auto piece =
      reference.offset ? slice(value, *reference.offset, reference.length) : std::string_view(value);
  out_ = std::move(open_.back().outer);
  open_.pop_back();
  append(piece);  // a value is never looked into: what a caller says is not expanded
}

std::string Expansion::run(std::string_view text) {
  while (!text.empty()) {
    std::size_t step = 1;
    if (text.starts_with("\\$")) {
      append("$");
      step = 2;
    } else if (text.starts_with("$${")) {
      open("$${");
      step = 3;
    } else if (text.starts_with("${")) {
      open("${");
      step = 2;
    } else if (text.front() == '}') {
      close();
    } else {
      step = std::min(text.find_first_of("\\$}", 1), text.size());
      append(text.substr(0, step));
    }
    text.remove_prefix(step);
  }
  for (; !open_.empty(); open_.pop_back()) {  // unclosed: they stay as they are
    const auto inner = std::move(out_);
    out_ = std::move(open_.back().outer);
    append(open_.back().opener);
    append(inner);
  }
  return std::move(out_);
}

}  // namespace

std::string expand(std::string_view text, const Variables& variables, const Variables& globals) {
  return Expansion(variables, globals).run(text);
}

}  // namespace switchroom::dialplan
