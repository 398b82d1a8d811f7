// A regular expression of the dialplan: PCRE2, compiled once, bounded when it runs.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace switchroom::dialplan {

/// $0 to $9 of one match: pieces of the subject; groups that took no part are empty.
using Captures = std::array<std::string_view, 10>;

enum class Fit : std::uint8_t {
  fits,
  differs,
  too_hard,  // the search ran into its limits; counts as no match
  too_long,  // the subject is longer than longest_subject; counts as no match
};

/// Longest text that a pattern is tried on, in bytes: none of what a call is routed by is longer.
inline constexpr std::size_t longest_subject = 1024;

/// What a search needs beside the pattern: memory for its captures, and its limits. One for each thread
/// or call, reused from pattern to pattern.
class Search {
 public:
  Search();
  ~Search();
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

 private:
  friend class Pattern;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

/// Compiled once (by the JIT where the machine allows it), then constant: any thread. A search anywhere in
/// the subject, as the pattern is written; `$` is the very end, never before a line feed; texts are UTF-8,
/// and bytes that are not match nothing.
class Pattern {
 public:
  /// The error has PCRE2's words and the offset in bytes.
  static base::result<Pattern> compile(std::string_view text);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// `captures` (of `subject`) is written only when it fits. Costs at most some milliseconds, whatever the
  /// pattern and the subject.
  [[nodiscard]] Fit fit(std::string_view subject, Search& search, Captures& captures) const;
  /// Whether `subject`, or something that begins with it, fits.
  [[nodiscard]] bool may_begin(std::string_view subject, Search& search) const;
  [[nodiscard]] bool has_captures() const { return groups_ > 0; }

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code, std::uint32_t groups);
  std::unique_ptr<Code> code_;
  std::uint32_t groups_ = 0;
};

}  // namespace switchroom::dialplan
