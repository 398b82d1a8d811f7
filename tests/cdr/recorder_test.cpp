#include "base/random.hpp"
#include "cdr/journal.hpp"
#include "places.hpp"

#include <sys/stat.h>

#include <set>
#include <thread>

using namespace switchroom;
using namespace switchroom::test;
using namespace std::chrono_literals;

namespace {

std::size_t segments(const Places& places) { return cdr::list_segments(places.root / "journal").size(); }

}  // namespace

TEST_CASE("an answered call is in the table and in the file, field by field") {
  const Places places;
  auto recorder = places.open();
  auto record = call("u-1");
  record.caller_id_name = "O'Neil \"Bob\"\xff\n";
  recorder->opened(record);
  recorder->answered("u-1", record.start + 2'000'000);
  record = ended(record);
  record.a_leg = {500, 501, 2, 1.5};
  recorder->closed(record);
  REQUIRE(recorder->flush(5s));
  CHECK(recorder->state().waiting == 0);
  CHECK(recorder->state().written == 1);
  CHECK(recorder->state().failures == 0);

  CHECK(query(places.db, "SELECT start_stamp||'|'||answer_stamp||'|'||end_stamp FROM cdr") ==
        "2023-11-14 22:13:20|2023-11-14 22:13:22|2023-11-14 22:13:32");
  CHECK(query(places.db, "SELECT duration||'|'||billsec||'|'||billed_ms||'|'||start_epoch FROM cdr") ==
        "13|10|10499|1700000000");
  CHECK(query(places.db, "SELECT caller_id_name FROM cdr") == "O'Neil \"Bob\"\xef\xbf\xbd ");
  CHECK(query(places.db, "SELECT a_packets_received||'|'||a_packets_lost||'|'||a_jitter_ms FROM cdr") ==
        "500|2|1.5");
  CHECK(query(places.db, "SELECT progress_stamp IS NULL AND progress_epoch IS NULL FROM cdr") == "1");

  const auto rows = parse_csv(places.csv);
  REQUIRE(rows.size() == 2);
  REQUIRE(rows[0].size() == rows[1].size());
  CHECK(rows[0][0] == "caller_id_name");
  CHECK(rows[1][0] == "O'Neil \"Bob\"\xef\xbf\xbd ");
  CHECK(rows[1][4] == "2023-11-14 22:13:20");
  CHECK(rows[1][9] == "13");
  CHECK(rows[1][11] == "NORMAL_CLEARING");
  struct stat info{};
  REQUIRE(::stat(places.db.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("the queries of the requirements document work on the table") {
  const Places places;
  auto recorder = places.open();
  auto today = ended(call("today", base::wall_now()));
  recorder->closed(today);
  auto missed = call("missed", base::wall_now());
  missed.end = missed.start + 1'000'000;
  missed.hangup_cause = "NO_ANSWER";
  recorder->closed(missed);
  REQUIRE(recorder->flush(5s));
  CHECK(query(places.db,
              "SELECT count(*) FROM (SELECT caller_id_number, destination_number, duration, hangup_cause, "
              "start_stamp FROM cdr ORDER BY start_stamp DESC LIMIT 20)") == "2");
  CHECK(query(places.db,
              "SELECT COUNT(*) FROM cdr WHERE date(start_stamp) = date('now') GROUP BY strftime('%H', "
              "start_stamp)") == "2");
  CHECK(query(places.db,
              "SELECT COUNT(*)||'|'||AVG(billsec)||'|'||SUM(billsec) FROM cdr WHERE billsec > 0 GROUP BY "
              "destination_number ORDER BY COUNT(*) DESC") == "1|10.0|10");
  CHECK(query(places.db, "SELECT answer_stamp IS NULL FROM cdr WHERE uuid='missed'") == "1");
  CHECK(query(places.db, "PRAGMA user_version") == "4");
}

TEST_CASE("the next start goes on, with one header in the file and no record twice") {
  const Places places;
  for (int run = 0; run < 3; ++run) {
    auto recorder = places.open();
    recorder->closed(ended(call("run-" + std::to_string(run))));
  }
  CHECK(parse_csv(places.csv).size() == 4);
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "3");
  CHECK(segments(places) <= 2);
}

TEST_CASE("only a table, only a file, neither") {
  Places places;
  SECTION("only a table") { places.csv.clear(); }
  SECTION("only a file") { places.db.clear(); }
  SECTION("neither") {
    places.csv.clear();
    places.db.clear();
  }
  for (int run = 0; run < 2; ++run) {
    auto recorder = places.open();
    for (int i = 0; i < 10; ++i) recorder->closed(ended(call(std::to_string(run) + "-" + std::to_string(i))));
    CHECK(recorder->flush(5s));
  }
  if (!places.csv.empty()) CHECK(parse_csv(places.csv).size() == 21);
  if (!places.db.empty()) CHECK(query(places.db, "SELECT count(*) FROM cdr") == "20");
}

TEST_CASE("the journal does not grow without bound, long calls or not") {
  Places places;
  places.segment_bytes = 20'000;
  auto recorder = places.open();
  recorder->opened(call("long"));
  recorder->answered("long", 1'700'000'003'000'000);
  std::size_t most = 0;
  for (int i = 0; i < 6000; ++i) {
    const auto record = call("c-" + std::to_string(i));
    recorder->opened(record);
    if (i % 1000 == 500) recorder->opened(call("long-" + std::to_string(i)));
    recorder->closed(ended(record));
    if (i % 256 == 255) {
      REQUIRE(recorder->flush(10s));
      most = std::max(most, segments(places));
    }
  }
  CHECK(most < 40);  // 256 calls fill ten segments; 6,000 would fill more than 250
  recorder->closed(ended(call("long")));
  recorder.reset();
  CHECK(query(places.db, "SELECT count(*) FROM cdr WHERE hangup_cause='NORMAL_CLEARING'") == "6001");
  recorder = places.open();
  REQUIRE(recorder->flush(5s));
  CHECK(query(places.db, "SELECT count(*) FROM cdr WHERE hangup_cause='CRASH'") == "6");
  CHECK(parse_csv(places.csv).size() == 6008);
}

TEST_CASE("more records than memory may hold wait in the journal, none is lost and none comes twice") {
  Places places;
  auto recorder = places.open();
  auto other = base::sqlite::Database::open(places.db);
  REQUIRE(other);
  REQUIRE(other->execute("BEGIN IMMEDIATE"));  // the table refuses for seconds
  for (int i = 0; i < 20'000; ++i) recorder->closed(ended(call("c-" + std::to_string(i))));
  CHECK(recorder->state().waiting > 16'384);
  REQUIRE(other->execute("ROLLBACK"));
  for (int i = 0; i < 5; ++i) {
    if (recorder->flush(20s)) break;
  }
  CHECK(recorder->state().waiting == 0);
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "20000");
  CHECK(parse_csv(places.csv).size() == 20'001);
}

TEST_CASE("a refusing sink is said, tried again, and does not hold up the other") {
  const Places places;
  auto recorder = places.open();
  recorder->closed(ended(call("first")));
  REQUIRE(recorder->flush(5s));
  fs::remove(places.csv);
  fs::create_directories(places.csv);  // no file can be here
  recorder->closed(ended(call("second")));
  CHECK(!recorder->flush(300ms));
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "2");
  const auto state = recorder->state();
  CHECK(state.waiting == 1);
  CHECK(state.failures > 0);
  CHECK_THAT(state.last_error, Catch::Contains(places.csv.string()));
  fs::remove(places.csv);
  REQUIRE(recorder->flush(5s));
  CHECK(recorder->state().last_error.empty());
  const auto rows = parse_csv(places.csv);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1][12] == "second");
}

TEST_CASE("log rotation: after a rename the next record begins a new file with a header") {
  const Places places;
  auto recorder = places.open();
  recorder->closed(ended(call("old")));
  REQUIRE(recorder->flush(5s));
  fs::rename(places.csv, places.root / "cdr.csv.1");
  if (GENERATE(true, false)) recorder->reopen();
  recorder->closed(ended(call("new")));
  REQUIRE(recorder->flush(5s));
  CHECK(parse_csv(places.root / "cdr.csv.1").size() == 2);
  const auto rows = parse_csv(places.csv);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0][0] == "caller_id_name");
}

TEST_CASE("a file with other columns is set aside: a line fits the header above it") {
  const Places places;
  std::ofstream(places.csv) << "\"uuid\",\"of an earlier version\"\n\"old\",\"x\"\n";
  for (const char* uuid : {"first", "second"}) {
    auto recorder = places.open();
    recorder->closed(ended(call(uuid)));
    REQUIRE(recorder->flush(5s));
  }
  const auto rows = parse_csv(places.csv);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0][12] == "uuid");
  CHECK(rows[0][18] == "endpoint_disposition");
  CHECK(rows[1][12] == "first");
  CHECK(rows[1][18] == "ANSWER");
  CHECK(rows[2][12] == "second");
  std::size_t aside = 0;
  for (const auto& entry : fs::directory_iterator(places.root)) {
    if (entry.path().filename().string().starts_with("cdr.csv.until-")) {
      ++aside;
      CHECK(parse_csv(entry.path()).size() == 2);
    }
  }
  CHECK(aside == 1);
}

TEST_CASE("a damaged table is moved aside and a new one begun") {
  const Places places;
  std::ofstream(places.db) << std::string(20'000, 'x');
  auto recorder = places.open();
  recorder->closed(ended(call("u")));
  REQUIRE(recorder->flush(5s));
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "1");
}

TEST_CASE("places that cannot be written are refused at the start, in words") {
  Places places;
  SECTION("the file") { places.csv = "/proc/nowhere/cdr.csv"; }
  SECTION("the table") { places.db = "/proc/nowhere/cdr.db"; }
  SECTION("the journal") { places.root = "/proc/nowhere"; }
  const auto opened = cdr::Recorder::open(places.settings());
  REQUIRE(!opened);
  CHECK_THAT(opened.error().what, Catch::Contains("/proc/nowhere"));
  places.root = fs::temp_directory_path() / "switchroom-cdr-none";
}

TEST_CASE("a journal with rubbish in it and other files beside it is read for what is whole") {
  const Places places;
  const auto directory = places.root / "journal";
  fs::create_directories(directory);
  const std::string whole = cdr::print_line({cdr::LineKind::closed, 5, 3, ended(call("whole"))});
  const std::string open = cdr::print_line({cdr::LineKind::opened, 1'700'000'004'000'000, 0, call("open")});
  std::ofstream(cdr::segment_path(directory, 7), std::ios::binary) << "rubbish\n\n"
                                                                   << std::string(600'000, 'x') << '\n'
                                                                   << whole.substr(0, 40) << '\n'
                                                                   << whole << open << whole.substr(0, 90);
  std::ofstream(directory / "notes.txt") << "not ours";
  auto recorder = places.open();
  REQUIRE(recorder->flush(5s));
  CHECK(query(places.db,
              "SELECT group_concat(uuid||' '||hangup_cause||' '||duration) FROM (SELECT * FROM cdr ORDER BY "
              "id)") == "whole NORMAL_CLEARING 13,open CRASH 4");
  recorder.reset();
  CHECK(fs::exists(directory / "notes.txt"));
  CHECK(parse_csv(places.csv).size() == 3);
}

TEST_CASE("records come whole from a worker that is asked for its state meanwhile") {
  const Places places;
  auto recorder = places.open();
  for (int i = 0; i < 3000; ++i) {
    const auto record = call("c-" + std::to_string(i));
    recorder->opened(record);
    recorder->answered(record.uuid, record.start + 1);
    recorder->closed(ended(record));
    if (i % 300 == 0) {
      (void)recorder->state();
      recorder->reopen();
      (void)recorder->flush(1ms);
    }
  }
  REQUIRE(recorder->flush(10s));
  CHECK(query(places.db, "SELECT count(DISTINCT uuid) FROM cdr") == "3000");
  CHECK(parse_csv(places.csv).size() == 3001);
}

TEST_CASE("what a record costs", "[.bench]") {
  const Places places;
  auto recorder = places.open();
  const int n = GENERATE(20'000, 300'000);
  const auto cpu = [](clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
  };
  std::vector<cdr::Record> records;
  for (int i = 0; i < 1000; ++i) {
    auto record = ended(call(""));
    record.sip_from_uri = "sip:1001@pbx.example.org";
    record.sip_to_uri = "sip:1002@pbx.example.org";
    record.network_addr = "192.0.2.17";
    record.read_codec = record.write_codec = "PCMU";
    record.last_app = "bridge";
    record.last_arg = "user/1002";
    record.caller_id_number = std::to_string(1000 + i);
    records.push_back(record);
  }
  const double start = cpu(CLOCK_THREAD_CPUTIME_ID);
  const double all = cpu(CLOCK_PROCESS_CPUTIME_ID);
  double drawing = 0;
  for (int i = 0; i < n; ++i) {
    auto& record = records[static_cast<std::size_t>(i) % records.size()];
    record.uuid = base::random_uuid();
    record.bleg_uuid = record.uuid;
    record.sip_call_id = record.uuid;
    recorder->opened(record);
    recorder->answered(record.uuid, record.start);
    recorder->closed(record);
    if (i % 1000 == 999) std::this_thread::sleep_for(20ms);
  }
  const double mine = cpu(CLOCK_THREAD_CPUTIME_ID) - start - drawing;
  for (int i = 0; i < 20 && !recorder->flush(10s); ++i) {
  }
  const double total = cpu(CLOCK_PROCESS_CPUTIME_ID) - all;
  WARN(n << " records: call thread " << mine / n << " us, worker " << (total - mine) / n << " us each");
}
