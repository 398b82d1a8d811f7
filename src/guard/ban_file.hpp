// Bans on disk: one small file, replaced as a whole.
#pragma once

#include "base/result.hpp"
#include "guard/bans.hpp"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace switchroom::guard {

/// One ban a line: "ADDRESS SINCE UNTIL TIMES hand|self WHY", times in microseconds since 1970.
std::string write_bans(const std::vector<Ban>& bans);
/// Lines that make no sense are left out.
std::vector<Ban> read_bans(std::string_view text);

/// Writes the file (mode 0600) on a thread of its own: a temporary one beside it, synced, then renamed, so
/// that it is the old one or the new one at any instant. A disk that refuses is logged once, and tried again
/// with the next change. Call thread.
class BanFile {
 public:
  explicit BanFile(std::filesystem::path path);
  ~BanFile();  // writes what is left
  BanFile(const BanFile&) = delete;
  BanFile& operator=(const BanFile&) = delete;

  /// What the last process left; nothing when there is no file.
  [[nodiscard]] std::vector<Ban> load() const;
  void put(const std::vector<Ban>& bans);

 private:
  void run();
  void write(const std::string& text);

  std::filesystem::path path_;
  bool complained_ = false;  // the thread's
  std::mutex mutex_;         // guards what follows
  std::condition_variable wake_;
  std::optional<std::string> text_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace switchroom::guard
