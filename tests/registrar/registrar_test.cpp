#include "registrar/registrar.hpp"

#include "base/sqlite.hpp"
#include "base/timer_queue.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using registrar::Binding;
using registrar::Refusal;
using registrar::Registrar;
using registrar::Update;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("switchroom-registrar-" + std::to_string(::getpid()));
  fs::path file = path / "registrations.db";
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

Update phone(const std::string& contact, std::uint32_t expires = 60, std::uint32_t cseq = 1) {
  Update update;
  update.binding.contact = contact;
  update.binding.call_id = "call-" + contact;
  update.binding.cseq = cseq;
  update.binding.user_agent = "Phone/1.0";
  update.binding.transport = "UDP";
  update.binding.source = {asio::ip::make_address("192.0.2.7"), 5062};
  update.binding.profile = "lan";
  update.expires = expires;
  return update;
}

std::unique_ptr<Registrar> open(base::Timers& timers, const fs::path& file = {}, std::size_t most = 10) {
  auto opened = Registrar::open({file, most}, timers);
  REQUIRE(opened);
  return std::move(*opened);
}

struct Room {
  base::ManualTimers timers;
  std::unique_ptr<Registrar> registrar = open(timers);
  std::string heard;
  Room() {
    registrar->on_change([this](const std::string& extension, bool registered) {
      heard += extension + (registered ? "+" : "-");
    });
  }
};

}  // namespace

TEST_CASE("a phone registers, refreshes, and is gone when its time is over") {
  Room room;
  const auto bound = room.registrar->update("1001", {phone("sip:a@192.0.2.7")});
  REQUIRE(bound);
  REQUIRE(bound->size() == 1);
  CHECK(bound->front().extension == "1001");
  CHECK(bound->front().expires_at - base::wall_now() > 58'000'000);
  CHECK(bound->front().registered_at != 0);
  room.timers.advance(50s);
  REQUIRE(room.registrar->update("1001", {phone("sip:a@192.0.2.7", 60, 2)}));
  room.timers.advance(50s);
  CHECK(room.registrar->find("1001").size() == 1);
  room.timers.advance(11s);
  CHECK(room.registrar->find("1001").empty());
  CHECK(room.registrar->size() == 0);
  CHECK(room.heard == "1001+1001+1001-");
  CHECK(room.timers.size() == 0);
}

TEST_CASE("several phones: best q first, then the newest; each ends at its own time") {
  Room room;
  auto low = phone("sip:low@h", 30);
  low.binding.q = 0.5;
  auto old = phone("sip:old@h", 90);
  old.binding.registered_at = 1000;
  auto young = phone("sip:young@h", 60);
  young.binding.registered_at = 2000;
  REQUIRE(room.registrar->update("1001", {low, old, young}));
  auto found = room.registrar->find("1001");
  REQUIRE(found.size() == 3);
  CHECK(found[0].contact == "sip:young@h");
  CHECK(found[1].contact == "sip:old@h");
  CHECK(found[2].contact == "sip:low@h");
  room.timers.advance(31s);
  CHECK(room.registrar->find("1001").size() == 2);
  room.timers.advance(30s);
  found = room.registrar->find("1001");
  REQUIRE(found.size() == 1);
  CHECK(found[0].contact == "sip:old@h");
}

TEST_CASE("Expires: 0 removes one contact, an unknown one is nobody's loss") {
  Room room;
  REQUIRE(room.registrar->update("1001", {phone("sip:a@h"), phone("sip:b@h")}));
  const auto left = room.registrar->update("1001", {phone("sip:a@h", 0, 2), phone("sip:never@h", 0)});
  REQUIRE(left);
  REQUIRE(left->size() == 1);
  CHECK(left->front().contact == "sip:b@h");
}

TEST_CASE("an older CSeq of the same Call-ID is refused and changes nothing, of another one it counts") {
  Room room;
  REQUIRE(room.registrar->update("1001", {phone("sip:a@h", 60, 5)}));
  const auto refused = room.registrar->update("1001", {phone("sip:new@h"), phone("sip:a@h", 0, 4)});
  REQUIRE(!refused);
  CHECK(refused.error() == Refusal::out_of_order);
  REQUIRE(room.registrar->find("1001").size() == 1);
  CHECK(room.registrar->find("1001").front().cseq == 5);
  auto restarted = phone("sip:a@h", 60, 1);
  restarted.binding.call_id = "another";
  CHECK(room.registrar->update("1001", {restarted}));
}

TEST_CASE("too many contacts are refused as a whole, however many there are") {
  base::ManualTimers timers;
  auto registrar = open(timers, {}, 3);
  REQUIRE(registrar->update("1001", {phone("sip:1@h"), phone("sip:2@h")}));
  auto refused = registrar->update("1001", {phone("sip:3@h"), phone("sip:4@h")});
  REQUIRE(!refused);
  CHECK(refused.error() == Refusal::too_many);
  CHECK(registrar->size() == 2);
  CHECK(registrar->update("1001", {phone("sip:1@h", 0, 2), phone("sip:3@h"), phone("sip:4@h")}));
  std::vector<Update> flood;
  for (int i = 0; i < 20'000; ++i) flood.push_back(phone("sip:f" + std::to_string(i) + "@h"));
  const auto start = base::Clock::now();
  refused = registrar->update("1002", std::move(flood));
  CHECK(base::Clock::now() - start < 2s);
  CHECK(!refused);
  CHECK(registrar->find("1002").empty());
  CHECK(registrar->size() == 3);
}

TEST_CASE("the same instance and reg-id replaces the contact (RFC 5626); without a reg-id it does not") {
  Room room;
  auto before = phone("sip:a@h:1111");
  before.binding.instance = "<urn:uuid:1>";
  before.binding.reg_id = 1;
  auto after = phone("sip:a@h:2222");
  after.binding.instance = "<urn:uuid:1>";
  after.binding.reg_id = 1;
  REQUIRE(room.registrar->update("1001", {before}));
  REQUIRE(room.registrar->update("1001", {after}));
  REQUIRE(room.registrar->find("1001").size() == 1);
  CHECK(room.registrar->find("1001").front().contact == "sip:a@h:2222");
  after.binding.reg_id = 2;
  after.binding.contact = "sip:a@h:3333";
  REQUIRE(room.registrar->update("1001", {after}));
  CHECK(room.registrar->find("1001").size() == 2);
}

TEST_CASE("Contact: * removes all, but not with an older CSeq of the same Call-ID") {
  Room room;
  REQUIRE(room.registrar->update("1001", {phone("sip:a@h", 60, 7), phone("sip:b@h")}));
  const auto refused = room.registrar->clear("1001", "call-sip:a@h", 6);
  REQUIRE(!refused);
  CHECK(refused.error() == Refusal::out_of_order);
  CHECK(room.registrar->size() == 2);
  REQUIRE(room.registrar->clear("1001", "call-sip:a@h", 8));
  CHECK(room.registrar->size() == 0);
  CHECK(room.heard == "1001+1001-");
  CHECK(room.registrar->clear("1001", "x", 1));
  CHECK(room.registrar->clear("nobody", "x", 1));
}

TEST_CASE("a closed connection takes its bindings along, and those alone") {
  Room room;
  auto tcp = phone("sip:tcp@h");
  tcp.binding.connection = 42;
  auto moved = phone("sip:moved@h");
  moved.binding.connection = 42;
  REQUIRE(room.registrar->update("1001", {tcp, phone("sip:udp@h")}));
  REQUIRE(room.registrar->update("1002", {moved}));
  moved.binding.connection = 43;
  moved.binding.cseq = 2;
  REQUIRE(room.registrar->update("1002", {moved}));
  room.registrar->connection_closed(42);
  room.registrar->connection_closed(42);
  room.registrar->connection_closed(99);
  REQUIRE(room.registrar->find("1001").size() == 1);
  CHECK(room.registrar->find("1001").front().contact == "sip:udp@h");
  CHECK(room.registrar->find("1002").size() == 1);
  room.registrar->connection_closed(43);
  CHECK(room.registrar->find("1002").empty());
}

TEST_CASE("extensions that are no longer configured lose their registrations") {
  Room room;
  REQUIRE(room.registrar->update("1001", {phone("sip:a@h")}));
  REQUIRE(room.registrar->update("1002", {phone("sip:b@h")}));
  room.registrar->keep_only([](std::string_view extension) { return extension == "1002"; });
  CHECK(room.registrar->all().size() == 1);
  CHECK(room.heard == "1001+1002+1001-");
}

TEST_CASE("a listener may change registrations") {
  Room room;
  room.registrar->on_change([&](const std::string& extension, bool registered) {
    if (extension == "1001" && registered) (void)room.registrar->update("1002", {phone("sip:b@h")});
  });
  REQUIRE(room.registrar->update("1001", {phone("sip:a@h")}));
  CHECK(room.registrar->size() == 2);
}

TEST_CASE("registrations survive a restart in every field but the connection") {
  const Folder folder;
  base::ManualTimers timers;
  Binding before;
  {
    auto registrar = open(timers, folder.file);
    auto a = phone("sip:a@192.0.2.7:5062;transport=tcp", 3600, 77);
    a.binding.q = 0.3;
    a.binding.instance = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";
    a.binding.reg_id = 3;
    a.binding.connection = 12;
    a.binding.source = {asio::ip::make_address("2001:db8::7"), 65535};
    a.binding.local = {asio::ip::make_address("::"), 5062};
    a.binding.path = {"<sip:p1.example;lr>", "<sip:p2.example;lr>"};
    a.binding.user_agent = "It's \"quoted\"; DROP TABLE binding";
    REQUIRE(registrar->update("1001", {a}));
    REQUIRE(registrar->update("1002", {phone("sip:short@h", 0)}));
    REQUIRE(registrar->update("1003", {phone("sip:removed@h")}));
    REQUIRE(registrar->update("1003", {phone("sip:removed@h", 0, 2)}));
    before = registrar->find("1001").front();
    struct stat info{};
    REQUIRE(::stat(folder.file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
  auto registrar = open(timers, folder.file);
  REQUIRE(registrar->size() == 1);
  const Binding after = registrar->find("1001").front();
  CHECK(after.contact == before.contact);
  CHECK(after.instance == before.instance);
  CHECK(after.reg_id == 3);
  CHECK(after.q == Approx(0.3));
  CHECK(after.call_id == before.call_id);
  CHECK(after.cseq == 77);
  CHECK(after.expires_at == before.expires_at);
  CHECK(after.registered_at == before.registered_at);
  CHECK(after.user_agent == before.user_agent);
  CHECK(after.transport == "UDP");
  CHECK(after.source == before.source);
  CHECK(after.local == base::Endpoint{asio::ip::make_address("::"), 5062});
  CHECK(after.profile == "lan");
  CHECK(after.path == before.path);
  CHECK(after.connection == 0);
  // Not read back to front: the loaded binding still refuses an older CSeq, and still expires.
  auto stale = phone(before.contact, 60, 76);
  CHECK(!registrar->update("1001", {stale}));
  timers.advance(3601s);
  CHECK(registrar->size() == 0);
}

TEST_CASE("what expired while nobody ran is not loaded") {
  const Folder folder;
  base::ManualTimers timers;
  REQUIRE(open(timers, folder.file)->update("1001", {phone("sip:a@h", 1)}));
  std::this_thread::sleep_for(1100ms);
  CHECK(open(timers, folder.file)->size() == 0);
}

TEST_CASE("flush writes what is queued") {
  const Folder folder;
  base::ManualTimers timers;
  auto registrar = open(timers, folder.file);
  REQUIRE(registrar->update("1001", {phone("sip:a@h", 3600)}));
  registrar->flush();
  auto database = base::sqlite::Database::open(folder.file);
  REQUIRE(database);
  auto query = database->prepare("SELECT count(*) FROM binding");
  REQUIRE(query);
  REQUIRE(query->step());
  CHECK(query->integer(0) == 1);
}

TEST_CASE("a damaged database is moved aside and a new one begun") {
  const Folder folder;
  base::ManualTimers timers;
  SECTION("no database at all") { std::ofstream(folder.file) << std::string(10'000, 'x'); }
  SECTION("a page in the middle overwritten") {
    {
      auto registrar = open(timers, folder.file);
      for (int i = 0; i < 500; ++i) (void)registrar->update(std::to_string(i), {phone("sip:a@h", 3600)});
    }
    std::fstream file(folder.file, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(16'384, '\xff');
  }
  auto registrar = open(timers, folder.file);
  REQUIRE(registrar->update("1001", {phone("sip:a@h", 3600)}));
  registrar.reset();
  CHECK(open(timers, folder.file)->size() == 1);
  bool aside = false;
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    aside = aside || entry.path().string().find(".damaged-") != std::string::npos;
  }
  CHECK(aside);
}

TEST_CASE("a database of a newer release, and a place that cannot be written, are refused in words") {
  const Folder folder;
  base::ManualTimers timers;
  {
    auto database = base::sqlite::Database::open(folder.file);
    REQUIRE(database);
    REQUIRE(database->execute("PRAGMA user_version=999"));
  }
  const auto newer = Registrar::open({folder.file}, timers);
  REQUIRE(!newer);
  CHECK_THAT(newer.error().what, Catch::Contains("newer release") && Catch::Contains(folder.file.string()));
  const auto nowhere = Registrar::open({"/proc/nowhere/x.db"}, timers);
  REQUIRE(!nowhere);
  CHECK_THAT(nowhere.error().what, Catch::Contains("/proc/nowhere/x.db"));
}

TEST_CASE("a database that somebody holds locked delays nothing and loses nothing") {
  const Folder folder;
  base::ManualTimers timers;
  auto registrar = open(timers, folder.file);
  auto other = base::sqlite::Database::open(folder.file);
  REQUIRE(other);
  REQUIRE(other->execute("BEGIN IMMEDIATE"));
  const auto start = base::Clock::now();
  for (int i = 0; i < 100; ++i) REQUIRE(registrar->update(std::to_string(i), {phone("sip:a@h", 3600)}));
  CHECK(base::Clock::now() - start < 500ms);
  registrar->flush();  // gives up after two seconds
  CHECK(base::Clock::now() - start < 4s);
  REQUIRE(registrar->update("1", {phone("sip:a@h", 0, 2)}));  // newer than what waits
  REQUIRE(other->execute("ROLLBACK"));
  registrar.reset();
  auto again = open(timers, folder.file);
  CHECK(again->size() == 99);
  CHECK(again->find("1").empty());
}

TEST_CASE("19,000 bindings load in well under a second, and one update costs what its extension has") {
  const Folder folder;
  base::ManualTimers timers;
  {
    auto registrar = open(timers, folder.file);
    for (int i = 0; i < 19'000; ++i) REQUIRE(registrar->update(std::to_string(i), {phone("sip:a@h", 3600)}));
  }
  auto start = base::Clock::now();
  auto registrar = open(timers, folder.file);
  const auto loading = base::Clock::now() - start;
  CHECK(registrar->size() == 19'000);
  CHECK(loading < 2s);  // a debug build with sanitizers; a release build takes a tenth of this
  start = base::Clock::now();
  for (int i = 0; i < 1000; ++i)
    REQUIRE(registrar->update("77", {phone("sip:a@h", 3600, 2 + static_cast<unsigned>(i))}));
  CHECK(base::Clock::now() - start < 1s);
  WARN("load " << loading / 1us << " us");
}
