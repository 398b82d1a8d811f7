// Who has called how much in the last hour.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::tolls {

/// Whom calls are held against.
struct Subject {
  enum class Kind : std::uint8_t { extension, trunk } kind = Kind::extension;
  std::string name;  // empty: calls of no extension
  auto operator<=>(const Subject&) const = default;
  /// "extension 1001", "trunk itsp", "callers without an extension".
  [[nodiscard]] std::string text() const;
};

/// Of the last hour, which begins and ends with a minute.
struct Usage {
  std::uint64_t calls = 0;  // placed, answered or not
  base::Duration talk{};    // of those that were answered, running ones up to now
  unsigned running = 0;
};

/// Counts in minutes of which it keeps sixty; a running call counts as it goes. The clock is passed in, and
/// must not go back. One thread.
class Ledger {
 public:
  using RunId = std::uint64_t;

  /// A call was sent on its way. The same `call` again (by another trunk) is no further one of that subject.
  void placed(const Subject& subject, const std::string& call, base::Time now);
  /// It was answered: it counts for all of them until it has ended.
  RunId answered(std::vector<Subject> subjects, base::Time now);
  void ended(RunId run, base::Time now);

  [[nodiscard]] Usage usage(const Subject& subject, base::Time now);
  /// All that have used something, or have a call.
  [[nodiscard]] std::vector<std::pair<Subject, Usage>> all(base::Time now);
  /// Nothing was used until now; running calls go on.
  void reset(const Subject& subject, base::Time now);

  /// For a restart: the minutes of a subject that count, each with its age.
  struct Minute {
    std::chrono::minutes age{};
    std::uint64_t calls = 0;
    base::Duration talk{};
  };
  [[nodiscard]] std::vector<Minute> minutes(const Subject& subject, base::Time now);
  void add(const Subject& subject, const Minute& minute, base::Time now);

 private:
  struct Bucket {
    std::int64_t minute = std::numeric_limits<std::int64_t>::min();  // of the clock; the least: empty
    std::uint64_t calls = 0;
    base::Duration talk{};
  };
  struct Account {
    std::array<Bucket, 60> buckets;
    std::deque<std::string> calls;  // the latest
    unsigned running = 0;
    Bucket& at(std::int64_t minute);
  };
  struct Run {
    std::vector<Subject> subjects;
    base::Time counted;  // until here
  };
  void count(Run& run, base::Time now);
  void count_all(base::Time now);
  static Usage sum(const Account& account, base::Time now);

  std::map<Subject, Account> accounts_;
  std::map<RunId, Run> runs_;
  base::Time counted_;  // all of them, until here
  RunId last_run_ = 0;
};

}  // namespace switchroom::tolls
