// Where records go for good: a table, a file. Used by the worker's thread alone once it runs.
#pragma once

#include "base/result.hpp"
#include "cdr/record.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace switchroom::cdr {

/// A record on its way. Its number is the journal's; 0: the journal could not take it.
struct Numbered {
  std::uint64_t number = 0;
  // Shared by the feeds of all sinks, which get to it at their own pace.
  std::shared_ptr<const Record> record;
};

class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// All or nothing, and the number of the last record with them: a process that is killed inside
  /// finds either at its next start. Numbers ascend.
  virtual base::result<void> write(std::span<const Numbered> records) = 0;
  /// The highest number that was written, by this journal.
  [[nodiscard]] virtual std::uint64_t position() const = 0;
  /// SIGHUP.
  virtual void reopen() {}
};

}  // namespace switchroom::cdr
