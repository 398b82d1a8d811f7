#include "cdr/table.hpp"

#include "base/log.hpp"
#include "cdr/disposition.hpp"

#include <array>
#include <string_view>

namespace switchroom::cdr {
namespace {

using base::sqlite::Database;

// A step is never changed once it was released: add one. The names are those that queries and reports
// of FreeSWITCH's users have; stamps are UTC, as date('now') is.
constexpr std::array<std::string_view, 4> schema{R"(
CREATE TABLE cdr (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE, bleg_uuid TEXT,
  caller_id_name TEXT, caller_id_number TEXT, destination_number TEXT, context TEXT, accountcode TEXT,
  start_stamp TEXT, progress_stamp TEXT, progress_media_stamp TEXT, answer_stamp TEXT, end_stamp TEXT,
  start_epoch INTEGER, progress_epoch INTEGER, progress_media_epoch INTEGER, answer_epoch INTEGER, end_epoch INTEGER,
  duration INTEGER, billsec INTEGER, duration_ms INTEGER, billed_ms INTEGER,
  hangup_cause TEXT, hangup_cause_q850 INTEGER, sip_status INTEGER, sip_hangup_disposition TEXT, hung_up_by TEXT,
  read_codec TEXT, write_codec TEXT,
  sip_from_uri TEXT, sip_to_uri TEXT, sip_call_id TEXT, network_addr TEXT, bridge_channel TEXT,
  last_app TEXT, last_arg TEXT,
  a_packets_received INTEGER, a_packets_sent INTEGER, a_packets_lost INTEGER, a_jitter_ms REAL,
  b_packets_received INTEGER, b_packets_sent INTEGER, b_packets_lost INTEGER, b_jitter_ms REAL);
CREATE INDEX cdr_start ON cdr (start_stamp);
CREATE INDEX cdr_caller ON cdr (caller_id_number);
CREATE INDEX cdr_destination ON cdr (destination_number);
CREATE INDEX cdr_account ON cdr (accountcode) WHERE accountcode <> '';
CREATE TABLE journal_position (journal TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID
)",
                                                 R"(
ALTER TABLE cdr ADD COLUMN a_round_trip_ms REAL;
ALTER TABLE cdr ADD COLUMN a_concealed_ms INTEGER;
ALTER TABLE cdr ADD COLUMN a_mos REAL;
ALTER TABLE cdr ADD COLUMN b_round_trip_ms REAL;
ALTER TABLE cdr ADD COLUMN b_concealed_ms INTEGER;
ALTER TABLE cdr ADD COLUMN b_mos REAL
)",
                                                 R"(
ALTER TABLE cdr ADD COLUMN recordings TEXT;
ALTER TABLE cdr ADD COLUMN recording_trouble TEXT
)",
                                                 R"(
ALTER TABLE cdr ADD COLUMN endpoint_disposition TEXT
)"};

constexpr std::string_view insert_sql =
    "INSERT INTO cdr(uuid,bleg_uuid,caller_id_name,caller_id_number,destination_number,context,accountcode,"
    "start_stamp,progress_stamp,progress_media_stamp,answer_stamp,end_stamp,"
    "start_epoch,progress_epoch,progress_media_epoch,answer_epoch,end_epoch,"
    "duration,billsec,duration_ms,billed_ms,hangup_cause,hangup_cause_q850,sip_status,sip_hangup_disposition,"
    "hung_up_by,"
    "read_codec,write_codec,sip_from_uri,sip_to_uri,sip_call_id,network_addr,bridge_channel,last_app,last_"
    "arg,"
    "a_packets_received,a_packets_sent,a_packets_lost,a_jitter_ms,"
    "b_packets_received,b_packets_sent,b_packets_lost,b_jitter_ms,"
    "a_round_trip_ms,a_concealed_ms,a_mos,b_round_trip_ms,b_concealed_ms,b_mos,recordings,recording_trouble,"
    "endpoint_disposition) "
    "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"
    ",?,?,?) "
    "ON CONFLICT(uuid) DO NOTHING";

std::int64_t whole(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

base::result<std::unique_ptr<Table>> Table::open(std::filesystem::path path, std::string journal) {
  auto table = std::make_unique<Table>();
  table->path_ = std::move(path);
  table->journal_ = std::move(journal);
  if (auto connected = table->connect_or_set_aside(); !connected) return connected.error();
  return table;
}

base::result<void> Table::connect() {
  auto database = Database::open(path_);
  if (!database) return database.error();
  database_ = std::move(*database);
  if (auto migrated = database_.migrate(schema); !migrated) return migrated;
  // Call-IDs are random: their index is touched all over. Some memory saves most of its page reads.
  if (auto set = database_.execute("PRAGMA cache_size=-8192"); !set) return set;
  auto insert = database_.prepare(insert_sql);
  if (!insert) return insert.error();
  auto advance = database_.prepare("INSERT OR REPLACE INTO journal_position(journal, number) VALUES(?,?)");
  if (!advance) return advance.error();
  auto query = database_.prepare("SELECT number FROM journal_position WHERE journal=?");
  if (!query) return query.error();
  query->bind(1, journal_);
  const auto row = query->step();
  if (!row) return row.error();
  position_ = *row ? static_cast<std::uint64_t>(query->integer(0)) : 0;
  insert_ = std::move(*insert);
  advance_ = std::move(*advance);
  return {};
}

base::result<void> Table::connect_or_set_aside() {
  auto connected = connect();
  if (connected || !database_ || !database_.damaged()) return connected;
  insert_ = {};
  advance_ = {};
  database_ = {};
  const auto aside = base::sqlite::set_aside(path_);
  if (!aside) return aside.error();
  log::line(log::Level::error, log::Subsystem::cdr, "",
            "call records: {} is damaged ({}); it was moved to {} and a new one begun. Records are in the "
            "CSV file too; "
            "`sqlite3 FILE .recover` saves what can be read",
            path_.string(), connected.error().what, aside->string());
  return connect();
}

base::result<void> Table::write(std::span<const Numbered> records) {
  if (!database_) {
    if (auto connected = connect_or_set_aside(); !connected) return connected;
  }
  auto written = write_batch(records);
  if (written) {
    for (const Numbered& record : records) position_ = std::max(position_, record.number);
    return written;
  }
  const bool damaged = database_.damaged();
  if (!damaged) (void)database_.execute("ROLLBACK");
  if (damaged) {
    const std::uint64_t reached = position_;
    insert_ = {};
    advance_ = {};
    database_ = {};
    // What stood in the damaged file stays there: the new one begins where it ended.
    if (auto connected = connect_or_set_aside(); !connected) return connected;
    position_ = std::max(position_, reached);
  }
  return written;
}

base::result<void> Table::write_batch(std::span<const Numbered> records) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  std::uint64_t reached = position_;
  for (const Numbered& item : records) {
    if (item.number != 0 && item.number <= position_) continue;
    if (auto inserted = insert(*item.record); !inserted) return inserted;
    reached = std::max(reached, item.number);
  }
  advance_.bind(1, journal_);
  advance_.bind(2, whole(reached));
  if (auto advanced = advance_.run(); !advanced) return advanced;
  return database_.execute("COMMIT");
}

base::result<void> Table::insert(const Record& r) {
  int column = 0;
  const auto text = [&](const std::string& value) { insert_.bind(++column, std::string_view(value)); };
  const auto number = [&](std::uint64_t value) { insert_.bind(++column, whole(value)); };
  for (const auto* value : {&r.uuid, &r.bleg_uuid, &r.caller_id_name, &r.caller_id_number,
                            &r.destination_number, &r.context, &r.accountcode}) {
    text(*value);
  }
  const std::array<base::WallMicros, 5> times{r.start, r.progress, r.progress_media, r.answer, r.end};
  std::array<std::string, 5> stamps;
  for (std::size_t i = 0; i < times.size(); ++i) {
    stamps[i] = base::utc_stamp(times[i]);
    if (times[i] == 0) {
      insert_.bind_null(++column);
    } else {
      text(stamps[i]);
    }
  }
  for (const base::WallMicros time : times) {
    if (time == 0) {
      insert_.bind_null(++column);
    } else {
      insert_.bind(++column, std::int64_t{time / 1'000'000});
    }
  }
  number(r.duration()), number(r.billsec()), number(r.duration_ms), number(r.billed_ms);
  text(r.hangup_cause);
  insert_.bind(++column, std::int64_t{r.hangup_cause_q850});
  insert_.bind(++column, std::int64_t{r.sip_status});
  for (const auto* value :
       {&r.sip_hangup_disposition, &r.hung_up_by, &r.read_codec, &r.write_codec, &r.sip_from_uri,
        &r.sip_to_uri, &r.sip_call_id, &r.network_addr, &r.bridge_channel, &r.last_app, &r.last_arg}) {
    text(*value);
  }
  for (const LegQuality* leg : {&r.a_leg, &r.b_leg}) {
    number(leg->packets_received), number(leg->packets_sent), number(leg->packets_lost);
    insert_.bind(++column, leg->jitter_ms);
  }
  for (const LegQuality* leg : {&r.a_leg, &r.b_leg}) {
    insert_.bind(++column, leg->round_trip_ms);
    number(leg->concealed_ms);
    insert_.bind(++column, leg->mos);
  }
  text(r.recordings), text(r.recording_trouble);
  insert_.bind(++column, endpoint_disposition(r));
  return insert_.run();
}

}  // namespace switchroom::cdr
