// Where log lines go: the console or a rotated file. Used by the log's writing thread alone.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::log::detail {

class Output {
 public:
  static base::result<Output> open(const Settings& settings);
  Output() = default;
  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) noexcept;
  ~Output();

  enum class Outcome { written, stuck, failed };
  /// Writes whole lines and takes what was written off the front of `lines`. `stuck`: nobody read
  /// within 100 ms, the rest is still in `lines`. `failed`: disk full, closed pipe and the like; the
  /// rest is gone from `lines` and last_errno() says why. Never raises SIGPIPE where it is ignored or
  /// blocked.
  Outcome write(std::string& lines);
  [[nodiscard]] int last_errno() const { return errno_; }
  [[nodiscard]] int file() const { return file_ ? fd_ : -1; }
  /// The console is the journal's (JOURNAL_STREAM of systemd.exec(5) names this very stream).
  [[nodiscard]] bool journal() const { return journal_; }

 private:
  void open_console();
  base::result<void> open_file();
  void rotate();
  long write_some(std::string_view bytes) const;
  void close();

  Settings settings_;
  int fd_ = -1;
  bool file_ = false;
  bool socket_ = false;
  bool journal_ = false;
  bool torn_ = false;  // the last line was written in part: the next write starts a new one
  std::uint64_t size_ = 0;
  std::uint64_t rotate_at_ = 0;  // bytes; 0: never
  int errno_ = 0;
};

}  // namespace switchroom::log::detail
