#include "tolls/ledger.hpp"

#include "tolls/warnings.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::tolls;
using namespace std::chrono_literals;

namespace {

const Subject alice{Subject::Kind::extension, "1001"};
const Subject itsp{Subject::Kind::trunk, "itsp"};
const base::Time start{100h};

}  // namespace

TEST_CASE("a call counts once for each of its subjects, whatever its tries") {
  Ledger ledger;
  ledger.placed(alice, "a", start);
  ledger.placed(itsp, "a", start);
  ledger.placed(alice, "a", start + 1s);
  ledger.placed(alice, "b", start + 2s);
  CHECK(ledger.usage(alice, start + 3s).calls == 2);
  CHECK(ledger.usage(itsp, start + 3s).calls == 1);
  CHECK(ledger.usage({Subject::Kind::extension, "1002"}, start).calls == 0);
}

TEST_CASE("a running call counts as it goes") {
  Ledger ledger;
  const auto run = ledger.answered({alice, itsp}, start);
  CHECK(ledger.usage(alice, start + 90s).talk == 90s);
  CHECK(ledger.usage(alice, start + 90s).running == 1);
  const auto other = ledger.answered({alice}, start + 90s);
  CHECK(ledger.usage(alice, start + 100s).talk == 110s);
  CHECK(ledger.usage(itsp, start + 100s).talk == 100s);
  ledger.ended(run, start + 100s);
  ledger.ended(run, start + 500s);
  ledger.ended(other, start + 100s);
  CHECK(ledger.usage(alice, start + 200s).talk == 110s);
  CHECK(ledger.usage(alice, start + 200s).running == 0);
}

TEST_CASE("what is older than an hour counts no more") {
  Ledger ledger;
  ledger.placed(alice, "a", start);
  const auto run = ledger.answered({alice}, start);
  ledger.ended(run, start + 10min);
  CHECK(ledger.usage(alice, start + 59min).talk == 10min);
  CHECK(ledger.usage(alice, start + 59min).calls == 1);
  CHECK(ledger.usage(alice, start + 60min).talk == 9min);
  CHECK(ledger.usage(alice, start + 60min).calls == 0);
  CHECK(ledger.usage(alice, start + 70min).talk == 0s);
  CHECK(ledger.all(start + 3h).empty());
}

TEST_CASE("a call that nobody looked at for hours is an hour long") {
  Ledger ledger;
  const auto run = ledger.answered({alice}, start);
  CHECK(ledger.usage(alice, start + 5h).talk == 59min);  // the sixtieth minute has just begun
  CHECK(ledger.usage(alice, start + 5h + 30s).talk == 59min + 30s);
  ledger.ended(run, start + 5h + 30s);
}

TEST_CASE("a reset forgets what was, and running calls go on") {
  Ledger ledger;
  ledger.placed(alice, "a", start);
  const auto run = ledger.answered({alice, itsp}, start);
  ledger.reset(alice, start + 60s);
  CHECK(ledger.usage(alice, start + 70s).talk == 10s);
  CHECK(ledger.usage(alice, start + 70s).calls == 0);
  CHECK(ledger.usage(itsp, start + 70s).talk == 70s);
  ledger.reset(itsp, start + 80s);
  CHECK(ledger.usage(itsp, start + 85s).talk == 5s);
  CHECK(ledger.usage(itsp, start + 85s).running == 1);
  ledger.ended(run, start + 90s);
  CHECK(ledger.usage(itsp, start + 90s).running == 0);
}

TEST_CASE("minutes go into another ledger, as after a restart") {
  Ledger before;
  before.placed(alice, "a", start);
  before.ended(before.answered({alice}, start), start + 3min);
  Ledger after;
  const base::Time reborn{5min};  // another clock, which has just begun
  for (const auto& minute : before.minutes(alice, start + 30min)) {
    after.add(alice, minute, reborn);
  }
  CHECK(after.usage(alice, reborn).talk == 3min);
  CHECK(after.usage(alice, reborn).calls == 1);
  CHECK(after.usage(alice, reborn + 31min).talk == 1min);
  CHECK(after.usage(alice, reborn + 33min).talk == 0s);
  after.add(alice, {.age = 60min, .calls = 7, .talk = 1min}, reborn);
  after.add(alice, {.age = -1min, .calls = 7, .talk = 1min}, reborn);
  CHECK(after.usage(alice, reborn).calls == 1);
}

TEST_CASE("levels") {
  CHECK(level(79, 100, 80) == Level::fine);
  CHECK(level(80, 100, 80) == Level::near);
  CHECK(level(99, 100, 80) == Level::near);
  CHECK(level(100, 100, 80) == Level::reached);
  CHECK(level(1000, 0, 80) == Level::fine);
  CHECK(level(1, 1, 80) == Level::reached);
}

TEST_CASE("somebody is told once an hour that it is near, and once that it is reached") {
  Warnings warnings;
  CHECK_FALSE(warnings.is_due(alice, "calls", Level::fine, start));
  CHECK(warnings.is_due(alice, "calls", Level::near, start));
  CHECK_FALSE(warnings.is_due(alice, "calls", Level::near, start + 10min));
  CHECK(warnings.is_due(alice, "talk", Level::near, start + 10min));
  CHECK(warnings.is_due(alice, "calls", Level::reached, start + 20min));
  CHECK_FALSE(warnings.is_due(alice, "calls", Level::near, start + 30min));
  CHECK_FALSE(warnings.is_due(alice, "calls", Level::reached, start + 30min));
  CHECK(warnings.is_due(alice, "calls", Level::near, start + 80min));
  CHECK(warnings.is_due(itsp, "calls", Level::reached, start + 80min));
  warnings.forget(alice);
  CHECK(warnings.is_due(alice, "calls", Level::near, start + 81min));
}
