// Rules and facts to a plan, a step at a time. Pure: no I/O, no clock of its own.
#pragma once

#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "dialplan/local_time.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::dialplan {

/// Looks a variable up by name ("destination_number", "caller_id_number", "sip_h_X-Custom", one that
/// `set` made); empty when it is not set.
using Variables = std::function<std::string(std::string_view name)>;

/// One thing to do, with $0 to $9 already replaced; ${name} is replaced by expand() when it runs (it may
/// depend on what ran before). A dollar sign out of a capture stands here as \$, which expand() turns back:
/// what a caller dialled is never taken for a variable.
struct Step {
  std::string application;
  std::string argument;
  std::string entry;  // the name of the entry it stands in, for the log
};

/// The steps of one entry that matched, and where to look for the next one when they are done: behind the
/// last entry, unless this one says `continue`.
struct Match {
  std::vector<Step> steps;
  std::size_t next = 0;
};

/// What was found at an entry or at one of its cases, for people who ask why.
struct Finding {
  enum class Verdict : std::uint8_t { no, yes, at_another_time } verdict = Verdict::no;
  std::string entry;  // "departments", "departments, case 2"; empty: of the whole context
  std::string why;    // what holds, or what does not
  [[nodiscard]] std::string text() const;
};
using Explain = std::function<void(const Finding&)>;

/// All contexts of a snapshot, patterns compiled once at load. Immutable, any thread.
class Dialplan {
 public:
  /// `snapshot` outlives the plan by being shared.
  explicit Dialplan(config::SnapshotPtr snapshot);
  ~Dialplan();
  Dialplan(const Dialplan&) = delete;
  Dialplan& operator=(const Dialplan&) = delete;

  [[nodiscard]] bool has_context(std::string_view context) const;
  /// The first entry of `context` that matches, looked for from the entry number `from` on. An entry behind
  /// one with `continue` is looked for when the steps of that one are done: it sees the variables that they
  /// have set. When all but the conditions on time hold, `else` runs. Of an entry's cases the first that
  /// holds adds its steps; they are judged together with the entry. $1 is the first capture of the dialled
  /// number's condition, or, when that has none, of the first condition that has one; $0 all that it matched.
  /// A search that takes too long counts as no match and is logged. `explain`, when given, hears of each
  /// entry and case that was tried, and why it did or did not match.
  [[nodiscard]] std::optional<Match> match(std::string_view context, const Variables& variables,
                                           const LocalTime& now, std::size_t from = 0,
                                           const Explain& explain = {}) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// For config::Checks: why a condition is bad, or empty.
std::string check_condition(const config::Condition& condition, const config::Snapshot& snapshot);

/// Replaces ${name}, ${name:offset:length} and $${global}; unknown ones become empty, \$ becomes a dollar
/// sign. Offset and length count characters; a negative offset counts from the end, a negative length ends
/// that many before the end. Names may hold references themselves (${limit_${callgroup}}); values are never
/// looked into. An unclosed ${ stays as it is. Bounded: nesting of 8, 64 KiB of result.
std::string expand(std::string_view text, const Variables& variables, const Variables& globals);

}  // namespace switchroom::dialplan
