// Records in a CSV file.
#pragma once

#include "cdr/csv_mark.hpp"
#include "cdr/sink.hpp"

#include <filesystem>
#include <string>

namespace switchroom::cdr {

/// One line for each call: every field in quotes (RFC 4180, but lines end with LF), a header line in
/// a new file. Rotated by whoever likes to: a file that was renamed or removed is begun anew. One whose
/// header is another, as an earlier version wrote it, is renamed to FILE.until-TIME first.
class Csv final : public Sink {
 public:
  /// `mark`: where it notes how far it came. Cuts off what a killed process wrote of an unfinished batch.
  static base::result<std::unique_ptr<Csv>> open(std::filesystem::path path,
                                                 const std::filesystem::path& mark);
  Csv(std::filesystem::path path, CsvMark mark) : path_(std::move(path)), mark_(std::move(mark)) {}
  ~Csv() override { close(); }

  [[nodiscard]] std::string name() const override { return path_.string(); }
  base::result<void> write(std::span<const Numbered> records) override;
  [[nodiscard]] std::uint64_t position() const override { return mark_.state().number; }
  void reopen() override { close(); }

 private:
  void cut_unfinished();
  base::result<void> ensure_open();
  base::result<void> open_file();
  [[nodiscard]] bool has_other_columns() const;
  void set_aside();
  bool write_all(std::string_view text) const;
  void close();
  [[nodiscard]] base::Error error(const char* doing) const;

  std::filesystem::path path_;
  CsvMark mark_;
  int fd_ = -1;
};

/// The header line and a record's line, each with its line feed.
std::string csv_header();
void append_csv(std::string& out, const Record& record);

}  // namespace switchroom::cdr
