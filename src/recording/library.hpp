// The files and their index together: adoption, conversion, deletion. For worker threads.
#pragma once

#include "config/recording_settings.hpp"
#include "recording/index.hpp"
#include "recording/retention.hpp"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>

namespace switchroom::recording {

struct Usage {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t length_ms = 0;
  std::int64_t running = 0;
  std::int64_t to_convert = 0;
  std::uint64_t free = 0;  // on the file system
};

/// Blocks on the disk. Any worker thread; the index is locked for single steps alone, so that a query does
/// not wait for a conversion. What is in the index and on the disk agrees again after each of these, whenever
/// the process is killed (library_test.cpp has the instants).
class Library {
 public:
  static base::result<std::unique_ptr<Library>> open(const std::filesystem::path& database,
                                                     const config::Recording& settings);

  void configure(const config::Recording& settings);  // the folders stay those of open()
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] config::Recording settings() const;
  /// One step with the index.
  template <class Work>
  auto with_index(const Work& work) {
    const std::lock_guard lock(mutex_);
    return work(index_);
  }

  /// What a killed process left: unfinished recordings are mended, unfinished conversions ended or undone,
  /// files without an entry get one, entries without a file go.
  void adopt(const std::atomic<bool>& stop);
  /// Converts one file that is due. False: there is none, or `stop` was set.
  bool convert_one(const std::atomic<bool>& stop);
  /// What would go now, or what went.
  base::result<std::vector<Doomed>> prune(bool dry_run);
  base::result<void> remove(const Entry& entry);
  base::result<Usage> usage();
  /// Of those that may hold files of an entry: where it is.
  [[nodiscard]] std::filesystem::path path_of(const Entry& entry) const;

 private:
  Library(Index index, const config::Recording& settings);
  [[nodiscard]] const std::filesystem::path& root(bool mp3) const { return mp3 ? mp3_folder_ : folder_; }
  [[nodiscard]] bool has_own_mp3_folder() const { return mp3_folder_ != folder_; }
  void settle_entry(Entry entry);
  void settle_conversion(Entry& entry);
  void complete_entry(Entry& entry);
  void adopt_folder(bool mp3, const std::atomic<bool>& stop);
  void adopt_file(const std::filesystem::path& file, bool mp3);
  base::result<bool> convert(Entry& entry, const std::atomic<bool>& stop);
  base::result<void> replace_by_mp3(Entry& entry, const std::filesystem::path& part);
  base::result<void> drop_leftover(Entry& entry);
  void remove_empty_folders(std::filesystem::path folder, const std::filesystem::path& root) const;
  base::result<void> save(const Entry& entry);

  std::filesystem::path folder_;
  std::filesystem::path mp3_folder_;
  base::WallMicros opened_;
  std::set<std::int64_t> unfinished_;  // ids that were running when the process before this one ended
  mutable std::mutex mutex_;
  config::Recording settings_;
  Index index_;
};

}  // namespace switchroom::recording
