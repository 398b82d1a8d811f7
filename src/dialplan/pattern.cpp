#include "dialplan/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/core.h>

#include <algorithm>
#include <new>
#include <pcre2.h>

namespace switchroom::dialplan {
namespace {

// A pattern with nested repeats, as (a+)+$, would otherwise search for years. What people write for
// numbers needs a few hundred steps.
constexpr std::uint32_t match_limit = 100'000;  // backtracking steps
constexpr std::uint32_t depth_limit = 10'000;   // of the interpreter; the JIT is bounded by its 32 KiB stack
constexpr std::uint32_t heap_limit = 1'024;     // KiB, of the interpreter
constexpr std::size_t longest_pattern = 4'096;  // bytes

constexpr std::uint32_t options =
    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string message(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

bool is_plain(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What each text that fits begins with, where that is easily seen: "100" of "^(100[0-9])$". Most rules want
/// another number than the one that was dialled, and are passed over without a search.
std::string certain_beginning(std::string_view pattern) {
  if (!pattern.starts_with('^') || pattern.find('|') != std::string_view::npos) return {};
  for (std::size_t at = 0; at + 1 < pattern.size(); ++at) {
    if (pattern[at] == ')' && std::string_view("?*{+").find(pattern[at + 1]) != std::string_view::npos)
      return {};
  }
  std::size_t at = pattern.starts_with("^(") ? 2 : 1;
  std::string beginning;
  while (at < pattern.size() && is_plain(pattern[at])) beginning += pattern[at++];
  const bool repeated =
      at < pattern.size() && std::string_view("?*{+").find(pattern[at]) != std::string_view::npos;
  if (repeated && !beginning.empty()) beginning.pop_back();
  return beginning;
}

}  // namespace

struct Search::Memory {
  std::unique_ptr<pcre2_match_data, Free> data{pcre2_match_data_create(Captures{}.size(), nullptr)};
  std::unique_ptr<pcre2_match_context, Free> context{pcre2_match_context_create(nullptr)};
};

Search::Search() : memory_(std::make_unique<Memory>()) {
  if (!memory_->data || !memory_->context) throw std::bad_alloc();
  pcre2_set_match_limit(memory_->context.get(), match_limit);
  pcre2_set_depth_limit(memory_->context.get(), depth_limit);
  pcre2_set_heap_limit(memory_->context.get(), heap_limit);
}
Search::~Search() = default;

struct Pattern::Code {
  std::unique_ptr<pcre2_code, Free> compiled;
  std::string beginning;
};

Pattern::Pattern(std::unique_ptr<Code> code, std::uint32_t groups)
    : code_(std::move(code)), groups_(groups) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

base::result<Pattern> Pattern::compile(std::string_view text) {
  if (text.size() > longest_pattern) {
    return base::Error{fmt::format("the pattern is longer than {} bytes", longest_pattern)};
  }
  int error = 0;
  PCRE2_SIZE offset = 0;
  std::unique_ptr<pcre2_code, Free> compiled(
      pcre2_compile(units(text), text.size(), options, &error, &offset, nullptr));
  if (!compiled) return base::Error{fmt::format("{} at offset {}", message(error), offset)};
  // Where the kernel forbids memory that can be written and run, the interpreter does the work.
  (void)pcre2_jit_compile(compiled.get(), PCRE2_JIT_COMPLETE);
  std::uint32_t groups = 0;
  pcre2_pattern_info(compiled.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  return Pattern(std::make_unique<Code>(Code{std::move(compiled), certain_beginning(text)}), groups);
}

Fit Pattern::fit(std::string_view subject, Search& search, Captures& captures) const {
  if (subject.size() > longest_subject) return Fit::too_long;
  if (!subject.starts_with(code_->beginning)) return Fit::differs;
  // An empty view may hold a null pointer, which PCRE2 takes for an error.
  if (subject.empty()) subject = "";
  auto* data = search.memory_->data.get();
  const int count = pcre2_match(code_->compiled.get(), units(subject), subject.size(), 0, 0, data,
                                search.memory_->context.get());
  if (count < 0) return count == PCRE2_ERROR_NOMATCH ? Fit::differs : Fit::too_hard;
  captures.fill({});
  const auto* ends = pcre2_get_ovector_pointer(data);
  // 0 says that there are more groups than places: those of $0 to $9 are filled.
  const auto filled =
      count == 0 ? captures.size() : std::min(captures.size(), static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < filled; ++i) {
    const auto begin = ends[2 * i];
    const auto end = ends[2 * i + 1];
    if (begin != PCRE2_UNSET && end >= begin) captures[i] = subject.substr(begin, end - begin);
  }
  return Fit::fits;
}

bool Pattern::may_begin(std::string_view subject, Search& search) const {
  const int count =
      pcre2_match(code_->compiled.get(), units(subject.empty() ? "" : subject), subject.size(), 0,
                  PCRE2_PARTIAL_SOFT, search.memory_->data.get(), search.memory_->context.get());
  return count >= 0 || count == PCRE2_ERROR_PARTIAL;
}

}  // namespace switchroom::dialplan
