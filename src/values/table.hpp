// The table of values that outlive the process: read once, written behind the call thread's back.
#pragma once

#include "base/result.hpp"
#include "base/sqlite.hpp"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace switchroom::values {

using Name = std::pair<std::string, std::string>;  // realm and key

/// The last state of each value that changed; nullopt: gone.
using Changes = std::map<Name, std::optional<std::string>>;

/// Changes are gathered for a moment and written in one transaction; while the disk refuses they are kept and
/// tried again. Call thread, but for its own.
class Table {
 public:
  /// Opens or creates; a damaged file is moved aside, with a line in the log. `loaded` gets what it holds.
  static base::result<std::unique_ptr<Table>> open(const std::filesystem::path& path,
                                                   std::map<Name, std::string>& loaded);
  /// Writes what waits.
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void put(Name name, std::optional<std::string> value);

 private:
  Table(base::sqlite::Database database, std::filesystem::path path);
  void run();
  base::result<void> write(const Changes& changes);
  void complain(const std::string& why);

  base::sqlite::Database database_;  // the thread's, once it runs
  std::filesystem::path path_;
  std::chrono::steady_clock::time_point next_complaint_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  Changes changes_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace switchroom::values
