#include "registrar/store.hpp"

#include "base/log.hpp"

#include <array>
#include <limits>
#include <string_view>

namespace switchroom::registrar {
namespace {

using base::sqlite::Database;
using base::sqlite::Statement;

// A step is never changed once it was released: add one.
constexpr std::array<std::string_view, 2> schema{R"(
CREATE TABLE binding (
  extension TEXT NOT NULL, contact TEXT NOT NULL, instance TEXT NOT NULL, reg_id INTEGER NOT NULL,
  q REAL NOT NULL, call_id TEXT NOT NULL, cseq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, registered_at INTEGER NOT NULL,  -- microseconds since 1970, UTC
  user_agent TEXT NOT NULL, transport TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL,
  profile TEXT NOT NULL, path TEXT NOT NULL,                    -- one URI a line
  PRIMARY KEY (extension, contact)) WITHOUT ROWID
)",
                                                 R"(
ALTER TABLE binding ADD COLUMN local_address TEXT NOT NULL DEFAULT '';  -- the listener; '': any
ALTER TABLE binding ADD COLUMN local_port INTEGER NOT NULL DEFAULT 0;
)"};

constexpr std::string_view columns =
    "extension,contact,instance,reg_id,q,call_id,cseq,expires_at,registered_at,user_agent,transport,address,"
    "port,"
    "profile,path,local_address,local_port";

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::optional<Binding> read_row(const Statement& row) {
  Binding b;
  b.extension = row.text(0);
  b.contact = row.text(1);
  b.instance = row.text(2);
  b.reg_id = static_cast<std::uint32_t>(row.integer(3));
  b.q = row.real(4);
  b.call_id = row.text(5);
  b.cseq = static_cast<std::uint32_t>(row.integer(6));
  b.expires_at = row.integer(7);
  b.registered_at = row.integer(8);
  b.user_agent = row.text(9);
  b.transport = row.text(10);
  error_code bad;
  b.source.address = asio::ip::make_address(std::string(row.text(11)), bad);
  const std::int64_t port = row.integer(12);
  if (bad || port < 0 || port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  b.source.port = static_cast<std::uint16_t>(port);
  if (const auto local = asio::ip::make_address(std::string(row.text(15)), bad); !bad) {
    b.local = {local, static_cast<std::uint16_t>(row.integer(16))};
  }
  b.profile = row.text(13);
  b.path = split(row.text(14));
  return b;
}

}  // namespace

base::result<void> Store::prepare(const std::filesystem::path& path) {
  auto database = Database::open(path);
  if (!database) return database.error();
  database_ = std::move(*database);
  if (auto migrated = database_.migrate(schema); !migrated) return migrated;
  if (auto checked = database_.check(); !checked) return checked;
  auto insert = database_.prepare("INSERT OR REPLACE INTO binding(" + std::string(columns) +
                                  ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!insert) return insert.error();
  auto erase = database_.prepare("DELETE FROM binding WHERE extension=? AND contact=?");
  if (!erase) return erase.error();
  insert_ = std::move(*insert);
  erase_ = std::move(*erase);
  return {};
}

base::result<Store> Store::open(const std::filesystem::path& path) {
  Store store;
  auto opened = store.prepare(path);
  if (opened) return store;
  if (!store.database_ || !store.damaged()) return opened.error();  // no rights, newer …
  store = Store();
  const auto aside = base::sqlite::set_aside(path);
  if (!aside) return aside.error();
  log::line(log::Level::error, log::Subsystem::registrar, "",
            "registrations: {} is damaged ({}); it was moved to {} and a new one begun: phones are back as "
            "they register "
            "again",
            path.string(), opened.error().what, aside->string());
  if (auto again = store.prepare(path); !again) return again.error();
  return store;
}

base::result<std::vector<Binding>> Store::load(base::WallMicros now) {
  auto query = database_.prepare("SELECT " + std::string(columns) + " FROM binding WHERE expires_at > ?");
  if (!query) return query.error();
  query->bind(1, std::int64_t{now});
  std::vector<Binding> bindings;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) break;
    if (auto binding = read_row(*query)) bindings.push_back(std::move(*binding));
  }
  // What expired while nobody ran is not worth keeping.
  if (auto cleaned = database_.execute("DELETE FROM binding WHERE expires_at <= " + std::to_string(now));
      !cleaned) {
    return cleaned.error();
  }
  return bindings;
}

base::result<void> Store::write_row(const Binding& b) {
  const std::string address = b.source.address.to_string();
  const std::string path = joined(b.path);
  const std::string local = b.local.port == 0 ? std::string() : b.local.address.to_string();
  insert_.bind(1, b.extension);
  insert_.bind(2, b.contact);
  insert_.bind(3, b.instance);
  insert_.bind(4, std::int64_t{b.reg_id});
  insert_.bind(5, b.q);
  insert_.bind(6, b.call_id);
  insert_.bind(7, std::int64_t{b.cseq});
  insert_.bind(8, std::int64_t{b.expires_at});
  insert_.bind(9, std::int64_t{b.registered_at});
  insert_.bind(10, b.user_agent);
  insert_.bind(11, b.transport);
  insert_.bind(12, address);
  insert_.bind(13, std::int64_t{b.source.port});
  insert_.bind(14, b.profile);
  insert_.bind(15, path);
  insert_.bind(16, local);
  insert_.bind(17, std::int64_t{b.local.port});
  return insert_.run();
}

base::result<void> Store::save(const Changes& changes) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  base::result<void> done;
  for (const auto& [key, binding] : changes) {
    if (binding) {
      done = write_row(*binding);
    } else {
      erase_.bind(1, key.first);
      erase_.bind(2, key.second);
      done = erase_.run();
    }
    if (!done) break;
  }
  if (done) done = database_.execute("COMMIT");
  if (!done) {
    const bool was_damaged = damaged();
    base::Error why = done.error();
    if (!was_damaged) (void)database_.execute("ROLLBACK");
    return why;
  }
  return {};
}

}  // namespace switchroom::registrar
