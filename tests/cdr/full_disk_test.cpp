// A limit on the size of files stands for the full disk: writes go in in part, then not at all.
#include "places.hpp"

#include <sys/resource.h>

#include <csignal>

using namespace switchroom;
using namespace switchroom::test;
using namespace std::chrono_literals;

namespace {

class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit tight{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a full disk loses no record, is said, and is over when there is room again") {
  const Places places;
  auto recorder = places.open();
  recorder->closed(ended(call("before")));
  REQUIRE(recorder->flush(5s));
  {
    recorder->opened(call("ends-there"));
    const FullDisk full(100'000);
    for (int i = 0; i < 1000; ++i) {
      const auto record = call("c-" + std::to_string(i));
      recorder->opened(record);
      recorder->closed(ended(record));
    }
    recorder->closed(ended(call("ends-there")));  // begun in the journal, ended in memory
    CHECK(!recorder->flush(500ms));
    const auto state = recorder->state();
    CHECK(state.failures > 0);
    CHECK(!state.last_error.empty());
    CHECK(state.waiting > 0);
    CHECK(query(places.db, "SELECT count(*) > 0 FROM cdr") == "1");
  }
  REQUIRE(recorder->flush(20s));
  CHECK(recorder->state().waiting == 0);
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "1002");
  CHECK(parse_csv(places.csv).size() == 1003);
  // What was written in part before is nobody's, and what is written from now on is read again.
  recorder->opened(call("cut"));
  recorder.reset();
  recorder = places.open();
  REQUIRE(recorder->flush(5s));
  CHECK(query(places.db, "SELECT hangup_cause FROM cdr WHERE uuid='cut'") == "CRASH");
  CHECK(query(places.db, "SELECT count(*) FROM cdr") == "1003");
  CHECK(query(places.db, "SELECT hangup_cause FROM cdr WHERE uuid='ends-there'") == "NORMAL_CLEARING");
  const auto rows = parse_csv(places.csv);
  CHECK(rows.size() == 1004);
  for (const auto& row : rows) REQUIRE(row.size() == rows.front().size());
}
