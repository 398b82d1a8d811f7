// kill -9 at any instant: no record is lost, none comes twice.
#include "base/random.hpp"
#include "places.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <signal.h>

using namespace switchroom;
using namespace switchroom::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_calls = 400'000;

// What the child had finished when it was killed; shared memory, so it outlives it.
struct Ledger {
  std::uint32_t next = 0;
  std::uint8_t opened[most_calls] = {};
  std::uint8_t answered[most_calls] = {};
  std::uint8_t closed[most_calls] = {};
};

[[noreturn]] void child(const Places& places, Ledger& ledger) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // an interrupted test leaves nobody behind
  auto recorder = cdr::Recorder::open(places.settings());
  if (!recorder) _exit(3);
  for (std::uint32_t round = 0;; ++round) {
    const std::uint32_t first = ledger.next;
    if (first + 20 > most_calls) _exit(0);
    std::atomic_ref(ledger.next).store(first + 20);
    for (std::uint32_t i = first; i < first + 20; ++i) {
      (*recorder)->opened(call(std::to_string(i)));
      ledger.opened[i] = 1;
      if (i % 2 == 0) {
        (*recorder)->answered(std::to_string(i), 1'700'000'002'000'000);
        ledger.answered[i] = 1;
      }
    }
    for (std::uint32_t i = first; i < first + 20; ++i) {
      if (i % 13 == 0) continue;  // still up when the end comes
      (*recorder)->closed(ended(call(std::to_string(i))));
      ledger.closed[i] = 1;
    }
    // The worker is to be killed in the middle of its batches, not in its pauses.
    if (round % 4 == 0) (void)(*recorder)->flush(1ms);
  }
}

void kill_at_random(const Places& places, Ledger& ledger) {
  const std::uint32_t before = ledger.next;
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) child(places, ledger);
  // Every third time in the start, where the last end is mended; else among the calls.
  if (base::random_below(3) != 0) {
    const std::uint32_t until = before + base::random_below(300);
    for (int ms = 0; std::atomic_ref(ledger.next).load() < until && ms < 5000; ++ms) ::usleep(1000);
  }
  ::usleep(base::random_below(20'000) + 1);
  ::kill(pid, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
}

void check(const Places& places, const Ledger& ledger) {
  std::map<std::string, std::string> in_file;
  std::size_t twice = 0;
  for (const auto& row : parse_csv(places.csv))
    twice += in_file.emplace(row.at(12), row.at(11)).second ? 0 : 1;
  CHECK(twice == 0);
  std::map<std::string, std::string> in_table;
  auto database = base::sqlite::Database::open(places.db);
  REQUIRE(database);
  auto statement = database->prepare("SELECT uuid, hangup_cause, answer_epoch FROM cdr");
  REQUIRE(statement);
  std::size_t answers_lost = 0;
  while (*statement->step()) {
    const std::string uuid(statement->text(0));
    in_table.emplace(uuid, statement->text(1));
    const auto i = std::stoul(uuid);
    if (ledger.answered[i] != 0 && statement->integer(2) == 0) ++answers_lost;
  }
  CHECK(answers_lost == 0);
  std::size_t lost = 0;
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < ledger.next; ++i) {
    if (ledger.opened[i] == 0) continue;
    const std::string uuid = std::to_string(i);
    if (!in_file.contains(uuid) || !in_table.contains(uuid)) {
      ++lost;
    } else if (in_file[uuid] != in_table[uuid] ||
               in_file[uuid] != (ledger.closed[i] != 0 ? "NORMAL_CLEARING" : "CRASH")) {
      // The one call whose end was being written may say either.
      wrong += ledger.closed[i] == 0 && in_file[uuid] == in_table[uuid] && i % 13 != 0 ? 0 : 1;
    }
  }
  CHECK(lost == 0);
  CHECK(wrong == 0);
}

void run(int kills) {
  Places places;
  places.segment_bytes = 50'000;  // segments come and go as well
  void* memory = ::mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& ledger = *static_cast<Ledger*>(memory);
  for (int i = 0; i < kills; ++i) kill_at_random(places, ledger);
  {
    auto recorder = places.open();
    REQUIRE(recorder->flush(60s));
  }
  CHECK(ledger.next > 1000);
  check(places, ledger);
  ::munmap(memory, sizeof(Ledger));
}

}  // namespace

TEST_CASE("killed again and again at any instant, no record is lost and none comes twice") { run(30); }

TEST_CASE("killed a thousand times", "[.long]") { run(1000); }
