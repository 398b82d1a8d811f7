#include "voicemail/store.hpp"

#include "base/durable.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "voicemail/store_files.hpp"

#include <array>
#include <fstream>

namespace switchroom::voicemail {
namespace {

namespace fs = std::filesystem;
using base::sqlite::Database;
using log::Level;
using log::Subsystem;

// A step is never changed once it was released: add one.
constexpr std::array<std::string_view, 1> schema{R"(
CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, file TEXT NOT NULL, intro TEXT NOT NULL,
  caller_number TEXT NOT NULL, caller_name TEXT NOT NULL, call TEXT NOT NULL,
  left_at INTEGER NOT NULL, length_ms INTEGER NOT NULL, urgent INTEGER NOT NULL,
  state TEXT NOT NULL, before TEXT NOT NULL, deleted_at INTEGER NOT NULL, mail INTEGER NOT NULL,
  UNIQUE (mailbox, file));
CREATE TABLE owner (
  mailbox TEXT PRIMARY KEY, pin_hash TEXT NOT NULL, greeting TEXT NOT NULL,
  failures INTEGER NOT NULL, locked_until INTEGER NOT NULL) WITHOUT ROWID
)"};

constexpr std::string_view columns =
    "id,mailbox,file,intro,caller_number,caller_name,call,left_at,length_ms,urgent,state,before,deleted_at,"
    "mail";

Message read_row(const base::sqlite::Statement& row) {
  Message m;
  m.id = row.integer(0);
  m.mailbox = row.text(1);
  m.file = row.text(2);
  m.intro = row.text(3);
  m.caller_number = row.text(4);
  m.caller_name = row.text(5);
  m.call = row.text(6);
  m.left_at = row.integer(7);
  m.length_ms = static_cast<std::uint32_t>(row.integer(8));
  m.urgent = row.integer(9) != 0;
  m.state = parse_state(row.text(10)).value_or(State::fresh);
  m.before = parse_state(row.text(11)).value_or(State::fresh);
  m.deleted_at = row.integer(12);
  m.mail = row.integer(13) == 1 ? MailState::due : MailState::none;
  return m;
}

}  // namespace

fs::path folder_of(const fs::path& folder, const std::string& mailbox) {
  return folder / ("box-" + escaped(mailbox));
}
fs::path sound_of(const fs::path& folder, const Message& message) {
  return folder_of(folder, message.mailbox) / message.file;
}
fs::path intro_of(const fs::path& folder, const Message& message) {
  return folder_of(folder, message.mailbox) / message.intro;
}
fs::path greeting_of(const fs::path& folder, const std::string& mailbox, const std::string& kind) {
  return folder_of(folder, mailbox) / "greetings" / (kind + ".wav");
}
fs::path incoming_of(const fs::path& folder, const std::string& mailbox, const FileName& name) {
  return folder / "incoming" / (escaped(mailbox) + "~" + write_name(name));
}
fs::path scratch_of(const fs::path& folder) {
  return folder / "incoming" / ("scratch-" + base::random_token(12) + ".wav");
}

base::result<void> Store::prepare(const fs::path& folder) {
  folder_ = folder;
  for (const auto& one : {folder, folder / "incoming"}) {
    if (auto made = make_folder(one); !made) {
      return made;
    }
  }
  auto database = Database::open(folder / "index.db");
  if (!database) {
    return database.error();
  }
  database_ = std::move(*database);
  if (auto migrated = database_.migrate(schema); !migrated) {
    return migrated;
  }
  if (auto checked = database_.check(); !checked) {
    return checked;
  }
  // A message must survive a power cut, too: each commit waits for the disk.
  if (auto set = database_.execute("PRAGMA synchronous=FULL"); !set) {
    return set;
  }
  const auto prepare = [&](base::sqlite::Statement& statement, const std::string& sql) -> base::result<void> {
    auto made = database_.prepare(sql);
    if (!made) {
      return made.error();
    }
    statement = std::move(*made);
    return {};
  };
  if (auto done = prepare(insert_, "INSERT OR REPLACE INTO message(" + std::string(columns) +
                                       ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
      !done) {
    return done;
  }
  if (auto done =
          prepare(update_, "UPDATE message SET urgent=?,state=?,before=?,deleted_at=?,mail=? WHERE id=?");
      !done) {
    return done;
  }
  if (auto done = prepare(erase_, "DELETE FROM message WHERE id=?"); !done) {
    return done;
  }
  return prepare(owner_,
                 "INSERT OR REPLACE INTO owner(mailbox,pin_hash,greeting,failures,locked_until) "
                 "VALUES(?,?,?,?,?)");
}

base::result<Store> Store::open(const fs::path& folder) {
  Store store;
  auto opened = store.prepare(folder);
  if (opened) {
    return store;
  }
  if (!store.database_ || !store.database_.damaged()) {
    return opened.error();
  }
  store = Store();
  const auto aside = base::sqlite::set_aside(folder / "index.db");
  if (!aside) {
    return aside.error();
  }
  log::line(
      Level::error, Subsystem::voicemail, "",
      "the index of voicemail is damaged ({}); it was moved to {} and is made again from the recordings: "
      "what was saved is new again, and PINs are those of the configuration",
      opened.error().what, aside->string());
  if (auto again = store.prepare(folder); !again) {
    return again.error();
  }
  return store;
}

base::result<void> Store::insert(const Message& m) {
  insert_.bind(1, m.id);
  insert_.bind(2, m.mailbox);
  insert_.bind(3, m.file);
  insert_.bind(4, m.intro);
  insert_.bind(5, m.caller_number);
  insert_.bind(6, m.caller_name);
  insert_.bind(7, m.call);
  insert_.bind(8, std::int64_t{m.left_at});
  insert_.bind(9, std::int64_t{m.length_ms});
  insert_.bind(10, std::int64_t{m.urgent ? 1 : 0});
  insert_.bind(11, name(m.state));
  insert_.bind(12, name(m.before));
  insert_.bind(13, std::int64_t{m.deleted_at});
  insert_.bind(14, std::int64_t{m.mail == MailState::due ? 1 : 0});
  return insert_.run();
}

base::result<void> Store::address(const fs::path& recording, const std::vector<std::string>& mailboxes) {
  const fs::path list = addresses_of(recording);
  {
    std::ofstream out(list, std::ios::trunc);
    for (const auto& mailbox : mailboxes) {
      out << mailbox << '\n';
    }
    if (!out.flush()) {
      return base::Error{"cannot write " + list.string()};
    }
  }
  base::sync_file(list);
  base::sync_folder(list.parent_path());
  return {};
}

base::result<void> Store::deliver(const fs::path& recording, const std::vector<Message>& messages) {
  // The copies first: as long as the recording is where it was said, nothing is lost.
  for (std::size_t i = 1; i < messages.size(); ++i) {
    base::sync_file(recording);
    if (auto linked = link_or_copy(recording, sound_of(folder_, messages[i])); !linked) {
      return linked;
    }
    if (auto entered = insert(messages[i]); !entered) {
      return entered;
    }
  }
  if (auto moved = move_into(recording, sound_of(folder_, messages[0])); !moved) {
    return moved;
  }
  if (auto entered = insert(messages[0]); !entered) {
    return entered;
  }
  if (messages.size() > 1) {
    std::error_code ignored;
    fs::remove(addresses_of(recording), ignored);
  }
  return {};
}

base::result<void> Store::copy(const Message& from, const Message& to, const fs::path& intro) {
  if (!to.intro.empty()) {
    if (auto linked = link_or_copy(intro, intro_of(folder_, to)); !linked) {
      return linked;
    }
  }
  if (auto linked = link_or_copy(sound_of(folder_, from), sound_of(folder_, to)); !linked) {
    return linked;
  }
  return insert(to);
}

base::result<void> Store::update(const Message& m) {
  update_.bind(1, std::int64_t{m.urgent ? 1 : 0});
  update_.bind(2, name(m.state));
  update_.bind(3, name(m.before));
  update_.bind(4, std::int64_t{m.deleted_at});
  update_.bind(5, std::int64_t{m.mail == MailState::due ? 1 : 0});
  update_.bind(6, m.id);
  return update_.run();
}

base::result<void> Store::erase(const Message& m) {
  std::error_code failed;
  fs::remove(sound_of(folder_, m), failed);
  if (!failed && !m.intro.empty()) {
    fs::remove(intro_of(folder_, m), failed);
  }
  if (failed) {
    return failure("cannot remove", sound_of(folder_, m), failed);
  }
  erase_.bind(1, m.id);
  return erase_.run();
}

base::result<void> Store::save(const Owner& owner) {
  owner_.bind(1, owner.mailbox);
  owner_.bind(2, owner.pin_hash);
  owner_.bind(3, owner.greeting);
  owner_.bind(4, std::int64_t{owner.failures});
  owner_.bind(5, std::int64_t{owner.locked_until});
  return owner_.run();
}

base::result<void> Store::keep_greeting(const fs::path& recording, const std::string& mailbox,
                                        const std::string& kind) {
  return move_into(recording, greeting_of(folder_, mailbox, kind));
}

base::result<std::vector<Message>> Store::rows() {
  auto query = database_.prepare("SELECT " + std::string(columns) + " FROM message ORDER BY id");
  if (!query) {
    return query.error();
  }
  std::vector<Message> messages;
  for (;;) {
    const auto row = query->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return messages;
    }
    messages.push_back(read_row(*query));
  }
}

base::result<std::vector<Owner>> Store::owners() {
  auto query = database_.prepare("SELECT mailbox,pin_hash,greeting,failures,locked_until FROM owner");
  if (!query) {
    return query.error();
  }
  std::vector<Owner> owners;
  for (;;) {
    const auto row = query->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return owners;
    }
    Owner owner;
    owner.mailbox = query->text(0);
    owner.pin_hash = query->text(1);
    owner.greeting = query->text(2);
    owner.failures = static_cast<std::uint32_t>(query->integer(3));
    owner.locked_until = query->integer(4);
    owners.push_back(std::move(owner));
  }
}

}  // namespace switchroom::voicemail
