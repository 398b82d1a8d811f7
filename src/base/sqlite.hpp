// SQLite without exceptions: a connection, a statement, schema versions, and what to do with a damaged file.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace switchroom::base::sqlite {

/// A prepared statement. Texts are bound without a copy: they must live until reset() or the next run().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind_null(int index);

  /// One step: true for a row, false at the end. The statement is reset after the end and after an error.
  result<bool> step();
  /// To the end, rows ignored; the statement is ready for its next values.
  result<void> run();
  void reset();

  [[nodiscard]] std::string_view text(int column) const;  // valid until the next step
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection, used by one thread at a time. Statements must go before it.
class Database {
 public:
  Database() = default;
  /// Opens or creates (mode 0600) with a write-ahead log and synchronous=NORMAL: what was committed
  /// survives a killed process; a power cut may cost the last commits, never the file. The error names the
  /// file.
  static result<Database> open(const std::filesystem::path& path);

  result<void> execute(const std::string& sql);
  result<Statement> prepare(std::string_view sql);
  /// Brings the schema to version steps.size(): user_version counts the steps that were taken. A file
  /// of a newer version is refused.
  result<void> migrate(std::span<const std::string_view> steps);
  /// Reads every page; for small files.
  result<void> check();
  /// The last error says that the file itself is damaged or no database at all.
  [[nodiscard]] bool damaged() const;
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] explicit operator bool() const { return connection_ != nullptr; }

 private:
  Error error(std::string_view doing) const;
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::filesystem::path path_;
  bool failed_check_ = false;
  std::unique_ptr<sqlite3, Close> connection_;
};

/// Renames a damaged database and its -wal and -shm to "FILE.damaged-20261122T213351Z"; the new name.
result<std::filesystem::path> set_aside(const std::filesystem::path& path);

}  // namespace switchroom::base::sqlite
