#include "base/sqlite.hpp"

#include "base/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::base::sqlite {
namespace {

constexpr int busy_ms = 2000;  // another process (a person's sqlite3) may hold the file for a moment

Error failure(sqlite3* connection, std::string_view doing) {
  return Error{std::string(doing) + ": " + sqlite3_errmsg(connection)};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}
void Statement::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
void Statement::bind(int index, double value) { sqlite3_bind_double(statement_.get(), index, value); }
void Statement::bind_null(int index) { sqlite3_bind_null(statement_.get(), index); }
void Statement::reset() { sqlite3_reset(statement_.get()); }

result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = failure(sqlite3_db_handle(statement_.get()), "SQLite");
  reset();
  return error;
}

result<void> Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<std::size_t>(size));
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);  // v2: closes for good when the last statement has gone
}

result<Database> Database::open(const std::filesystem::path& path) {
  std::error_code ignored;  // the open below says what is wrong
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  // SQLite creates with the umask's mode; who called whom is nobody else's business.
  if (const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); fd >= 0) {
    ::close(fd);
  } else {
    return Error{path.string() + ": " + std::strerror(errno)};
  }
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.path_ = path;
  database.connection_.reset(raw);
  if (raw == nullptr) return Error{path.string() + ": out of memory"};
  if (code != SQLITE_OK) return database.error("open");
  sqlite3_busy_timeout(raw, busy_ms);
  sqlite3_extended_result_codes(raw, 1);
  return database;
}

Error Database::error(std::string_view doing) const {
  return failure(connection_.get(), path_.string() + ": " + std::string(doing));
}

result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return error("SQLite");
  return {};
}

result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return error("SQLite");
  }
  return Statement(raw);
}

result<void> Database::migrate(std::span<const std::string_view> steps) {
  if (auto set = execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"); !set) return set;
  std::int64_t version = 0;
  {
    auto query = prepare("PRAGMA user_version");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return error("SQLite");
    version = query->integer(0);
  }
  if (version > static_cast<std::int64_t>(steps.size())) {
    return Error{path_.string() + ": written by a newer release (schema " + std::to_string(version) +
                 ", this one knows " + std::to_string(steps.size()) +
                 "): start that release, or move the file away"};
  }
  for (auto i = static_cast<std::size_t>(version); i < steps.size(); ++i) {
    const std::string step = "BEGIN IMMEDIATE; " + std::string(steps[i]) +
                             "; PRAGMA user_version=" + std::to_string(i + 1) + "; COMMIT";
    if (auto done = execute(step); !done) {
      Error why = done.error();
      (void)execute("ROLLBACK");
      return why;
    }
  }
  return {};
}

result<void> Database::check() {
  auto query = prepare("PRAGMA quick_check(1)");
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  if (query->text(0) == "ok") return {};
  failed_check_ = true;
  return Error{path_.string() + ": " + std::string(query->text(0))};
}

bool Database::damaged() const {
  if (failed_check_ || !connection_) return failed_check_;
  const int code = sqlite3_errcode(connection_.get()) & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

std::int64_t Database::changes() const { return sqlite3_changes64(connection_.get()); }

result<std::filesystem::path> set_aside(const std::filesystem::path& path) {
  std::string stamp = utc_stamp(wall_now());
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::replace(stamp.begin(), stamp.end(), ' ', 'T');
  std::filesystem::path aside = path.string() + ".damaged-" + stamp + "Z";
  for (int n = 2; std::filesystem::exists(aside); ++n)
    aside = path.string() + ".damaged-" + stamp + "Z-" + std::to_string(n);
  std::error_code failed;
  std::filesystem::rename(path, aside, failed);
  if (failed) return Error{path.string() + ": damaged, and could not be moved aside: " + failed.message()};
  for (const char* suffix : {"-wal", "-shm"}) {
    std::error_code absent;
    std::filesystem::rename(path.string() + suffix, aside.string() + suffix, absent);
  }
  return aside;
}

}  // namespace switchroom::base::sqlite
