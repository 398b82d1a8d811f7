#include "recording/index.hpp"

#include "base/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::recording {
namespace {

using base::sqlite::Database;
using base::sqlite::Statement;

// A step is never changed once it was released: add one.
constexpr std::array<std::string_view, 1> schema{R"(
CREATE TABLE recordings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL, in_mp3_folder INTEGER NOT NULL, state TEXT NOT NULL,
  call TEXT NOT NULL, caller TEXT NOT NULL, destination TEXT NOT NULL, answered_by TEXT NOT NULL,
  began INTEGER NOT NULL, ended INTEGER NOT NULL, length_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
  dropped_ms INTEGER NOT NULL, trouble TEXT NOT NULL,
  target TEXT NOT NULL, leftover TEXT NOT NULL, conversion_failures INTEGER NOT NULL,
  UNIQUE (file, in_mp3_folder));
CREATE INDEX recordings_began ON recordings (began);
CREATE INDEX recordings_call ON recordings (call);
CREATE INDEX recordings_caller ON recordings (caller);
CREATE INDEX recordings_destination ON recordings (destination)
)"};

constexpr std::string_view columns =
    "file,in_mp3_folder,state,call,caller,destination,answered_by,began,ended,length_ms,bytes,dropped_ms,"
    "trouble,target,leftover,conversion_failures";

// In the order of `columns`; the texts must outlive the statement's run.
void bind(Statement& statement, const Entry& e) {
  int at = 0;
  const auto text = [&](const std::string& value) { statement.bind(++at, std::string_view(value)); };
  const auto number = [&](std::int64_t value) { statement.bind(++at, value); };
  text(e.file), number(e.in_mp3_folder ? 1 : 0), text(e.state), text(e.call), text(e.caller),
      text(e.destination), text(e.with), number(e.began), number(e.ended), number(e.length_ms),
      number(e.bytes), number(e.dropped_ms), text(e.trouble), text(e.target), text(e.leftover),
      number(e.conversion_failures);
}

Entry entry_in(const Statement& row) {
  Entry e;
  int at = 0;
  const auto text = [&](std::string& value) { value = row.text(at++); };
  const auto number = [&](std::int64_t& value) { value = row.integer(at++); };
  number(e.id), text(e.file);
  e.in_mp3_folder = row.integer(at++) != 0;
  text(e.state), text(e.call), text(e.caller), text(e.destination), text(e.with), number(e.began),
      number(e.ended), number(e.length_ms), number(e.bytes), number(e.dropped_ms), text(e.trouble),
      text(e.target), text(e.leftover), number(e.conversion_failures);
  return e;
}

}  // namespace

base::result<Index> Index::open(const std::filesystem::path& path) {
  Index index;
  auto connected = index.connect(path);
  if (!connected && index.database_ && index.database_.damaged()) {
    index.database_ = {};
    const auto aside = base::sqlite::set_aside(path);
    if (!aside) {
      return aside.error();
    }
    log::line(log::Level::error, log::Subsystem::media, {},
              "the index of recordings {} is damaged ({}); it was moved to {}, and the files are read again",
              path.string(), connected.error().what, aside->string());
    connected = index.connect(path);
  }
  if (!connected) {
    return connected.error();
  }
  return index;
}

base::result<void> Index::connect(const std::filesystem::path& path) {
  auto database = Database::open(path);
  if (!database) {
    return database.error();
  }
  database_ = std::move(*database);
  return database_.migrate(schema);
}

base::result<std::int64_t> Index::add(const Entry& entry) {
  auto statement = database_.prepare(fmt::format(
      "INSERT OR REPLACE INTO recordings({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id", columns));
  if (!statement) {
    return statement.error();
  }
  bind(*statement, entry);
  const auto row = statement->step();
  if (!row) {
    return row.error();
  }
  const std::int64_t id = statement->integer(0);
  if (const auto ended = statement->step(); !ended) {
    return ended.error();
  }
  return base::result<std::int64_t>(id);
}

base::result<void> Index::adopt(const Entry& entry) {
  auto statement = database_.prepare(
      fmt::format("INSERT OR IGNORE INTO recordings({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", columns));
  if (!statement) {
    return statement.error();
  }
  bind(*statement, entry);
  return statement->run();
}

base::result<void> Index::update(const Entry& entry) {
  auto statement = database_.prepare(
      fmt::format("UPDATE recordings SET ({})=(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id=?", columns));
  if (!statement) {
    return statement.error();
  }
  bind(*statement, entry);
  statement->bind(17, entry.id);
  return statement->run();
}

base::result<void> Index::remove(std::int64_t id) {
  auto statement = database_.prepare("DELETE FROM recordings WHERE id=?");
  if (!statement) {
    return statement.error();
  }
  statement->bind(1, id);
  return statement->run();
}

base::result<void> Index::note_with(const std::string& call, const std::string& with) {
  auto statement = database_.prepare("UPDATE recordings SET answered_by=? WHERE call=?");
  if (!statement) {
    return statement.error();
  }
  statement->bind(1, std::string_view(with));
  statement->bind(2, std::string_view(call));
  return statement->run();
}

base::result<std::vector<Entry>> Index::select(Statement& statement) {
  std::vector<Entry> found;
  for (;;) {
    const auto row = statement.step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return found;
    }
    found.push_back(entry_in(statement));
  }
}

base::result<std::vector<Entry>> Index::select(const std::string& where) {
  auto statement = database_.prepare(fmt::format("SELECT id,{} FROM recordings {}", columns, where));
  return statement ? select(*statement) : statement.error();
}

base::result<std::optional<Entry>> Index::find(std::int64_t id) {
  auto found = select(fmt::format("WHERE id={}", id));
  if (!found) {
    return found.error();
  }
  return found->empty() ? std::optional<Entry>() : std::optional(std::move(found->front()));
}

base::result<std::optional<Entry>> Index::find_file(const std::string& file, bool in_mp3_folder) {
  auto statement = database_.prepare(
      fmt::format("SELECT id,{} FROM recordings WHERE file=? AND in_mp3_folder=?", columns));
  if (!statement) {
    return statement.error();
  }
  statement->bind(1, std::string_view(file));
  statement->bind(2, std::int64_t{in_mp3_folder ? 1 : 0});
  auto found = select(*statement);
  if (!found) {
    return found.error();
  }
  return found->empty() ? std::optional<Entry>() : std::optional(std::move(found->front()));
}

base::result<std::vector<Entry>> Index::search(const Search& search) {
  auto statement = database_.prepare(
      fmt::format("SELECT id,{} FROM recordings WHERE "
                  "(?1='' OR substr(caller,-length(?1))=?1 OR substr(destination,-length(?1))=?1) AND "
                  "(?2='' OR caller=?2 OR destination=?2 OR answered_by=?2 OR answered_by='user/'||?2) AND "
                  "(?3='' OR substr(call,1,length(?3))=?3) AND (?4=0 OR began>=?4) AND (?5=0 OR began<?5) "
                  "ORDER BY began DESC, id DESC LIMIT ?6",
                  columns));
  if (!statement) {
    return statement.error();
  }
  statement->bind(1, std::string_view(search.number));
  statement->bind(2, std::string_view(search.extension));
  statement->bind(3, std::string_view(search.call));
  statement->bind(4, std::int64_t{search.since});
  statement->bind(5, std::int64_t{search.until});
  statement->bind(6, search.limit > 0 ? search.limit : std::int64_t{-1});
  return select(*statement);
}

base::result<std::vector<Entry>> Index::all() { return select("ORDER BY began, id"); }

base::result<std::vector<Entry>> Index::to_convert(base::WallMicros before, std::size_t most) {
  return select(
      fmt::format("WHERE state<>'running' AND lower(file) LIKE '%.wav' AND conversion_failures<5 AND "
                  "ended<={} AND length_ms>0 ORDER BY ended, id LIMIT {}",
                  before, most));
}

}  // namespace switchroom::recording
