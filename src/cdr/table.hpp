// Records in SQLite, table `cdr`.
#pragma once

#include "base/sqlite.hpp"
#include "cdr/sink.hpp"

#include <filesystem>

namespace switchroom::cdr {

class Table final : public Sink {
 public:
  /// `journal`: the journal's own name, since a table may have met several. A damaged file is moved
  /// aside, with a line in the log, and a new one begun.
  static base::result<std::unique_ptr<Table>> open(std::filesystem::path path, std::string journal);

  [[nodiscard]] std::string name() const override { return path_.string(); }
  base::result<void> write(std::span<const Numbered> records) override;
  [[nodiscard]] std::uint64_t position() const override { return position_; }

 private:
  base::result<void> connect();
  base::result<void> connect_or_set_aside();
  base::result<void> write_batch(std::span<const Numbered> records);
  base::result<void> insert(const Record& record);

  std::filesystem::path path_;
  std::string journal_;
  std::uint64_t position_ = 0;
  base::sqlite::Database database_;
  base::sqlite::Statement insert_;
  base::sqlite::Statement advance_;
};

}  // namespace switchroom::cdr
