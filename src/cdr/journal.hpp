// The journal: what survives kill -9. Segments of lines in one directory.
#pragma once

#include "base/result.hpp"
#include "cdr/line.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace switchroom::cdr {

/// Reads closed records in the order of their numbers, from the files, while the journal is written.
class JournalReader {
 public:
  /// `after`: the number that the reader has already.
  JournalReader(std::filesystem::path directory, std::uint64_t after)
      : directory_(std::move(directory)), after_(after) {}

  struct Closed {
    std::uint64_t number = 0;
    Record record;
  };
  /// The next ones, `most` or more (a whole piece is read at a time); none at the end of what is written.
  std::vector<Closed> next(std::size_t most);

 private:
  bool read_piece(std::vector<Closed>& out);

  std::filesystem::path directory_;
  std::uint64_t after_;
  std::uint64_t segment_ = 0;  // the one being read
  std::uint64_t offset_ = 0;   // bytes of it that were read
};

/// Each event is one write(2) to a file that is only appended to; the kernel has it when the call
/// returns. Segments are removed when every call in them has ended and every writer has its records;
/// a call that lasts long has its lines carried forward, so that it pins no segment. Call thread.
class Journal {
 public:
  struct Recovered {
    std::vector<Record> cut_short;      // calls without an end; an answer is in it, the end is not
    base::WallMicros last_written = 0;  // the last line of all
  };
  static base::result<Journal> open(std::filesystem::path directory, std::uint64_t segment_bytes,
                                    Recovered& found);
  Journal() = default;
  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  ~Journal();

  void opened(const Record& record);
  void answered(const std::string& uuid, base::WallMicros when);
  /// The record's number; 0 when it could not be written: then it exists in the caller's memory alone.
  std::uint64_t closed(const Record& record);

  /// Segments that nobody needs when all closed records up to `done` are in every table and file.
  /// They leave the journal; the caller deletes the files.
  std::vector<std::filesystem::path> take_expendable(std::uint64_t done);
  /// Numbers go on above `number`, whatever the files say.
  void start_above(std::uint64_t number);
  /// Writes what an earlier failure left unwritten, if there is room now.
  void catch_up() { settle(); }
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  [[nodiscard]] std::size_t open_calls() const { return open_.size(); }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t last_closed = 0;  // the highest record number in it
    std::size_t open_calls = 0;
  };
  struct OpenCall {
    std::string line;  // as it stands in the segment, to be carried forward
    std::string answer_line;
    std::uint64_t segment = 0;
  };
  using OpenRecords = std::unordered_map<std::string, Record>;
  base::result<void> recover(Recovered& found);
  static void scan(const std::filesystem::path& path, Segment& segment, OpenRecords& open, Recovered& found);
  bool start_segment();
  bool append(std::string_view line);
  void failed(const char* doing);
  void forget(const std::string& uuid);
  void settle();
  void carry_forward();
  Segment* find_segment(std::uint64_t number);
  [[nodiscard]] std::filesystem::path path_of(std::uint64_t number) const;
  void close();

  std::filesystem::path directory_;
  std::uint64_t segment_bytes_ = 0;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;       // of the segment that is written
  bool torn_ = false;             // the last write went in only in part
  std::deque<Segment> segments_;  // ascending; the last is written to
  std::unordered_map<std::string, OpenCall> open_;
  // Calls whose end could not be written: it is, as soon as there is room, so that the next start
  // does not take them for cut short (their records are in the worker's hands). Bounded.
  std::vector<std::string> owed_;
  std::uint64_t last_number_ = 0;
  std::uint64_t failures_ = 0;
  std::string last_error_;
};

/// "0000000042.journal", ascending.
std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory);
/// Every whole line of a segment, in order; torn and damaged ones are left out.
void read_segment(const std::filesystem::path& path, const std::function<void(Line line)>& on_line);
std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number);

}  // namespace switchroom::cdr
