#include "values/table.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <array>
#include <memory>

namespace switchroom::values {
namespace {

using namespace std::chrono_literals;

constexpr auto gather = 200ms;
constexpr auto pause_after_failure = 5s;
constexpr auto complaints = 60s;
constexpr std::array<std::string_view, 1> schema{
    "CREATE TABLE shared_values (realm TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (realm, key)) WITHOUT ROWID"};

base::result<base::sqlite::Database> open_checked(const std::filesystem::path& path) {
  auto database = base::sqlite::Database::open(path);
  if (!database) {
    return database.error();
  }
  if (auto sound = database->check(); !sound) {
    return sound.error();
  }
  if (auto migrated = database->migrate(schema); !migrated) {
    return migrated.error();
  }
  return database;
}

base::result<void> load(base::sqlite::Database& database, std::map<Name, std::string>& loaded) {
  auto rows = database.prepare("SELECT realm, key, value FROM shared_values");
  if (!rows) {
    return rows.error();
  }
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    loaded[{std::string(rows->text(0)), std::string(rows->text(1))}] = rows->text(2);
  }
}

}  // namespace

base::result<std::unique_ptr<Table>> Table::open(const std::filesystem::path& path,
                                                 std::map<Name, std::string>& loaded) {
  auto database = open_checked(path);
  if (!database) {
    const auto aside = base::sqlite::set_aside(path);
    if (!aside) {
      return database.error();
    }
    log::line(log::Level::error, log::Subsystem::main, {},
              "{} could not be read ({}): it is now {}, and a new one has been begun", path.string(),
              database.error().what, aside->string());
    database = open_checked(path);
    if (!database) {
      return database.error();
    }
  }
  if (auto read = load(*database, loaded); !read) {
    return read.error();
  }
  return std::unique_ptr<Table>(new Table(std::move(*database), path));
}

Table::Table(base::sqlite::Database database, std::filesystem::path path)
    : database_(std::move(database)),
      path_(std::move(path)),
      thread_(base::start_thread("values", [this] { run(); })) {}

Table::~Table() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Table::put(Name name, std::optional<std::string> value) {
  {
    const std::lock_guard lock(mutex_);
    changes_.insert_or_assign(std::move(name), std::move(value));
  }
  wake_.notify_one();
}

void Table::run() {
  std::unique_lock lock(mutex_);
  for (auto pause = std::chrono::milliseconds(gather);;) {
    wake_.wait(lock, [this] { return !changes_.empty() || stopping_; });
    if (changes_.empty()) {
      return;
    }
    wake_.wait_for(lock, pause, [this] { return stopping_; });
    Changes batch = std::exchange(changes_, {});
    lock.unlock();
    const auto written = write(batch);
    if (!written) {
      complain(written.error().what);
    }
    lock.lock();
    pause = written ? std::chrono::milliseconds(gather) : std::chrono::milliseconds(pause_after_failure);
    if (!written) {
      batch.merge(changes_);  // gives back what was not written; what changed meanwhile is newer
      for (auto& [name, value] : changes_) {
        batch[name] = std::move(value);
      }
      changes_ = std::move(batch);
      if (stopping_) {
        return;  // one last attempt was made
      }
    }
  }
}

base::result<void> Table::write(const Changes& changes) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  auto all = [&]() -> base::result<void> {
    auto insert = database_.prepare("INSERT OR REPLACE INTO shared_values VALUES (?, ?, ?)");
    auto erase = database_.prepare("DELETE FROM shared_values WHERE realm = ? AND key = ?");
    if (!insert || !erase) {
      return !insert ? insert.error() : erase.error();
    }
    for (const auto& [name, value] : changes) {
      auto& statement = value ? *insert : *erase;
      statement.bind(1, name.first);
      statement.bind(2, name.second);
      if (value) {
        statement.bind(3, *value);
      }
      if (auto run = statement.run(); !run) {
        return run;
      }
    }
    return {};
  }();
  if (!all) {
    (void)database_.execute("ROLLBACK");
    return all;
  }
  return database_.execute("COMMIT");
}

void Table::complain(const std::string& why) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_complaint_) {
    return;
  }
  next_complaint_ = now + complaints;
  log::line(log::Level::error, log::Subsystem::main, {},
            "shared values cannot be written to {} ({}); they are kept in memory and tried again",
            path_.string(), why);
}

}  // namespace switchroom::values
