// Contexts as they are searched: patterns and schedules ready. Private to this room.
#pragma once

#include "config/snapshot.hpp"
#include "dialplan/pattern.hpp"
#include "dialplan/schedule.hpp"

#include <optional>
#include <string>
#include <vector>

namespace switchroom::dialplan {

struct CompiledCondition {
  const config::Condition* source = nullptr;  // in the snapshot, not owned
  std::size_t field = 0;                      // its place in Context::fields
  std::optional<Pattern> pattern;             // none: it did not compile, and never fits
  std::optional<Schedule> schedule;           // of a condition on time
  bool negated = false;                       // hours = "!business"
  bool of_time = false;
  [[nodiscard]] bool is_time() const { return of_time; }
};

/// What is tested together, and what follows: an entry or one of its cases.
struct Branch {
  std::vector<CompiledCondition> when;
  std::vector<CompiledCondition> any;                    // one of them is enough; none: nothing is asked
  std::size_t captures_from = 0;                         // the condition of `when` whose groups are $1 to $9
  const std::vector<config::Action>* actions = nullptr;  // in the snapshot, not owned
  const std::vector<config::Action>* otherwise = nullptr;  // likewise
  std::vector<Branch> cases;
  /// Has one of the conditions of `when` groups, so that $1 comes from there?
  [[nodiscard]] bool captures() const {
    return !when.empty() && when[captures_from].pattern && when[captures_from].pattern->has_captures();
  }
};

struct CompiledEntry {
  const config::ContextEntry* source;  // in the snapshot, not owned
  Branch branch;
};

struct Context {
  std::vector<std::string> fields;  // each once, so that a call is asked for each once
  std::vector<CompiledEntry> entries;
};

/// What is wrong with a condition is logged, and makes it never hold. The snapshot must outlive the result.
Context compile(const config::Snapshot& snapshot, const std::vector<config::ContextEntry>& entries);

}  // namespace switchroom::dialplan
