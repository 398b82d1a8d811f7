// Keeps every call's record: a journal first, CSV and SQLite behind it.
#pragma once

#include "base/result.hpp"
#include "cdr/record.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace switchroom::cdr {

/// Records survive kill -9: each of open, answered and close is one write to a journal (in the page
/// cache when the call returns), and what a journal holds that CSV and SQLite do not is completed at
/// the next start, calls that were cut short included. A worker thread writes CSV and SQLite in
/// batches; nothing here waits for it. Call thread.
class Recorder {
 public:
  struct Settings {
    std::filesystem::path directory;          // of the journal: data_dir
    std::filesystem::path csv;                // absolute; empty: none
    std::filesystem::path sqlite;             // absolute; empty: none
    std::uint64_t segment_bytes = 8U << 20U;  // of the journal: one file of it
  };
  /// Opens, recovers, starts the worker. The error names the file and what to do.
  static base::result<std::unique_ptr<Recorder>> open(Settings settings);
  virtual ~Recorder() = default;  // writes what is queued, then joins

  /// The call exists: enough of the record to tell of it if we are killed (uuid, who, whom, start …).
  virtual void opened(const Record& record) = 0;
  virtual void answered(const std::string& uuid, base::WallMicros when) = 0;
  /// The whole record; to be called before the goodbye is sent or answered.
  virtual void closed(const Record& record) = 0;
  /// SIGHUP: the CSV is closed and opened anew (log rotation).
  virtual void reopen() = 0;
  /// Blocks until everything queued is in CSV and SQLite, or the limit is over. At shutdown and in tests.
  virtual bool flush(std::chrono::milliseconds limit) = 0;
  /// Records that wait for the worker, and write failures so far (disk full …): for `pbxctl status`.
  struct State {
    std::size_t waiting = 0;
    std::uint64_t written = 0;
    std::uint64_t failures = 0;
    std::string last_error;
  };
  [[nodiscard]] virtual State state() const = 0;
};

}  // namespace switchroom::cdr
