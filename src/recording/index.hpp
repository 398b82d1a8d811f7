// The index of recordings, in SQLite.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/sqlite.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::recording {

/// A recording as the index knows it.
struct Entry {
  std::int64_t id = 0;
  std::string file;  // below the recordings folder, or the MP3 folder
  bool in_mp3_folder = false;
  std::string state;  // "running", "complete", "failed"
  std::string call;
  std::string caller;
  std::string destination;
  std::string with;  // who answered
  base::WallMicros began = 0;
  base::WallMicros ended = 0;
  std::int64_t length_ms = 0;
  std::int64_t bytes = 0;
  std::int64_t dropped_ms = 0;
  std::string trouble;
  // A conversion that is under way: what it makes, and what it leaves behind, each relative to its folder.
  std::string target;    // an MP3 file that may exist, and then may be whole
  std::string leftover;  // a WAV file whose MP3 is complete: to be deleted
  std::int64_t conversion_failures = 0;
};

/// What `pbxctl recordings` looks for; empty and zero: all.
struct Search {
  std::string number;     // of the caller or the destination: its end is enough
  std::string extension;  // exactly, of either or of who answered
  std::string call;       // its id's beginning
  base::WallMicros since = 0;
  base::WallMicros until = 0;
  std::int64_t limit = 0;
};

/// One thread at a time; blocks on the disk.
class Index {
 public:
  /// A damaged file is set aside, with a line in the log, and a new one begun: the files are adopted again.
  static base::result<Index> open(const std::filesystem::path& path);

  /// Its id. An entry of the same file is replaced; by adopt() it stays.
  base::result<std::int64_t> add(const Entry& entry);
  base::result<void> adopt(const Entry& entry);
  base::result<void> update(const Entry& entry);
  base::result<void> remove(std::int64_t id);
  base::result<void> note_with(const std::string& call, const std::string& with);

  base::result<std::optional<Entry>> find(std::int64_t id);
  base::result<std::optional<Entry>> find_file(const std::string& file, bool in_mp3_folder);
  base::result<std::vector<Entry>> search(const Search& search);  // the latest first
  base::result<std::vector<Entry>> all();                         // the oldest first
  /// Complete WAV files that ended before then and were not tried too often, the oldest first.
  base::result<std::vector<Entry>> to_convert(base::WallMicros before, std::size_t most);

 private:
  Index() = default;
  base::result<void> connect(const std::filesystem::path& path);
  base::result<std::vector<Entry>> select(base::sqlite::Statement& statement);
  base::result<std::vector<Entry>> select(const std::string& where);

  base::sqlite::Database database_;
};

}  // namespace switchroom::recording
