#include "base/log.hpp"

#include "base/log_line.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using log::Level;
using log::Subsystem;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("switchroom-log-" + std::to_string(::getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() {
    log::stop();
    fs::remove_all(path);
  }
};

std::string contents(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Puts another descriptor in the place of stderr for a while.
class StderrIs {
 public:
  explicit StderrIs(int fd) : saved_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
  ~StderrIs() {
    log::stop();
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }

 private:
  int saved_;
};

std::string drain(int fd) {
  std::string text;
  char buffer[65536];
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  for (int idle = 0; idle < 20;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(10ms);
    }
  }
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  log::detail::append_escaped(out, text);
  return out;
}

}  // namespace

TEST_CASE("a line has its time, level, subsystem, call and text in columns") {
  CHECK(log::detail::format_line({Level::info, Subsystem::call, "7f3c", 1795383231'123'456, false},
                                 "rings") == "2026-11-22T21:33:51.123Z info    call      call=7f3c rings\n");
  CHECK(log::detail::format_line({Level::warning, Subsystem::registrar, "", 1795383231'000'000, false},
                                 "x") == "2026-11-22T21:33:51.000Z warning registrar x\n");
  CHECK(log::detail::format_line({Level::error, Subsystem::sip, "a\nb", 1, true}, "x") ==
        "<3>error   sip       call=a\\nb x\n");
  CHECK(log::detail::format_line({Level::trace, Subsystem::sip, "", 1, true}, "x").substr(0, 3) == "<7>");
}

TEST_CASE("what could forge a line or steer a terminal is escaped, UTF-8 is not") {
  CHECK(escaped("plain text \\d+ \"quoted\"") == "plain text \\d+ \"quoted\"");
  CHECK(escaped("a\r\n2026-11-22 info forged\t") == "a\\r\\n2026-11-22 info forged\\t");
  CHECK(escaped("\x1b[2J\x07\x7f") == "\\x1b[2J\\x07\\x7f");
  CHECK(escaped(std::string_view("nul\0!", 5)) == "nul\\x00!");
  CHECK(escaped("J\xc3\xbcrgen \xe6\xbc\xa2 \xf0\x9f\x93\x9e") ==
        "J\xc3\xbcrgen \xe6\xbc\xa2 \xf0\x9f\x93\x9e");
  CHECK(escaped("\xc2\x9b"
                "2J") == "\\xc2\\x9b2J");                     // C1: CSI
  CHECK(escaped("\xe2\x80\xa8") == "\\xe2\\x80\\xa8");        // U+2028
  CHECK(escaped("\xff\xfe\xc3") == "\\xff\\xfe\\xc3");        // not UTF-8, and cut short
  CHECK(escaped("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80") ==  // overlong, surrogate, too large
        "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
}

TEST_CASE("a very long line is cut") {
  const std::string line = log::detail::format_line({}, std::string(100'000, 'x'));
  CHECK(line.size() < log::detail::max_line_bytes + 200);
  CHECK(line.substr(line.size() - 5) == " ...\n");
}

TEST_CASE("levels and subsystems have names, and are parsed back") {
  for (std::size_t i = 0; i < log::subsystem_count; ++i) {
    const auto subsystem = static_cast<Subsystem>(i);
    CHECK(log::parse_subsystem(log::name(subsystem)) == subsystem);
  }
  for (const Level level :
       {Level::trace, Level::debug, Level::info, Level::warning, Level::error, Level::off}) {
    CHECK(log::parse_level(log::name(level)) == level);
  }
  CHECK(log::parse_level("warn") == Level::warning);
  CHECK(!log::parse_level("loud"));
  CHECK(!log::parse_subsystem(""));
}

TEST_CASE("a level for each subsystem, changeable while running") {
  const Folder folder;
  log::Settings settings{.file = folder.path / "log"};
  settings.levels[static_cast<std::size_t>(Subsystem::sip)] = Level::debug;
  settings.levels[static_cast<std::size_t>(Subsystem::media)] = Level::off;
  REQUIRE(log::start(settings));
  log::line(Level::debug, Subsystem::sip, "", "one");
  log::line(Level::debug, Subsystem::call, "", "not this");
  log::line(Level::error, Subsystem::media, "", "nor this");
  log::set_level(Subsystem::call, Level::debug);
  CHECK(log::level(Subsystem::call) == Level::debug);
  log::line(Level::debug, Subsystem::call, "", "two {}", 2);
  log::stop();
  const std::string text = contents(folder.path / "log");
  CHECK(lines(text) == 2);
  CHECK(text.find("one") != std::string::npos);
  CHECK(text.find("two 2") != std::string::npos);
  REQUIRE(log::start({.file = folder.path / "log"}));  // leaves the levels at their defaults
}

TEST_CASE("a file is rotated by size, and so many are kept") {
  const Folder folder;
  REQUIRE(log::start({.file = folder.path / "sub" / "log", .max_bytes = 2000, .keep = 2}));
  for (int i = 0; i < 300; ++i) {
    log::line(Level::info, Subsystem::main, "", "line {} {}", i, std::string(100, 'x'));
    if (i % 10 == 9) std::this_thread::sleep_for(25ms);  // a batch is not split over two files
  }
  log::stop();
  CHECK(fs::exists(folder.path / "sub/log"));
  CHECK(fs::exists(folder.path / "sub/log.1"));
  CHECK(fs::exists(folder.path / "sub/log.2"));
  CHECK(!fs::exists(folder.path / "sub/log.3"));
  CHECK(contents(folder.path / "sub/log").find("line 299") != std::string::npos);
  CHECK(fs::file_size(folder.path / "sub/log.1") <= 8000);
  struct stat info{};
  REQUIRE(::stat((folder.path / "sub/log").c_str(), &info) == 0);
  CHECK((info.st_mode & 07) == 0);
}

TEST_CASE("keep = 0 starts the file anew; a directory that forbids the rename does not stop the log") {
  const Folder folder;
  REQUIRE(log::start({.file = folder.path / "log", .max_bytes = 500, .keep = 0}));
  for (int i = 0; i < 5; ++i) {
    log::line(Level::info, Subsystem::main, "", "line {} {}", i, std::string(200, 'x'));
    std::this_thread::sleep_for(30ms);
  }
  log::stop();
  CHECK(lines(contents(folder.path / "log")) < 5);
  CHECK(!fs::exists(folder.path / "log.1"));

  fs::create_directories(folder.path / "b.1" / "in the way");  // rename() onto this fails
  REQUIRE(log::start({.file = folder.path / "b", .max_bytes = 300, .keep = 1}));
  for (int i = 0; i < 6; ++i) {
    log::line(Level::info, Subsystem::main, "", "line {} {}", i, std::string(200, 'x'));
    std::this_thread::sleep_for(30ms);
  }
  log::stop();
  CHECK(lines(contents(folder.path / "b")) == 6);
}

TEST_CASE("starting again opens the file anew, after a rotation by others, and loses nothing") {
  const Folder folder;
  const log::Settings settings{.file = folder.path / "log"};
  REQUIRE(log::start(settings));
  log::line(Level::info, Subsystem::main, "", "first");
  std::this_thread::sleep_for(60ms);
  fs::rename(folder.path / "log", folder.path / "log.old");
  log::line(Level::info, Subsystem::main, "", "second");
  std::this_thread::sleep_for(60ms);
  REQUIRE(log::start(settings));
  log::line(Level::info, Subsystem::main, "", "third");
  log::stop();
  CHECK(lines(contents(folder.path / "log.old")) == 2);
  CHECK(lines(contents(folder.path / "log")) == 1);
}

TEST_CASE("a file that cannot be opened is an error in words, and the log goes on as it was") {
  const Folder folder;
  REQUIRE(log::start({.file = folder.path / "log"}));
  const auto failed = log::start({.file = "/proc/nowhere/log"});
  REQUIRE(!failed);
  CHECK(failed.error().what.find("/proc/nowhere/log") != std::string::npos);
  log::line(Level::info, Subsystem::main, "", "still here");
  log::stop();
  CHECK(contents(folder.path / "log").find("still here") != std::string::npos);
}

TEST_CASE("a console that nobody reads blocks no one, and what was dropped is counted and said") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    const StderrIs console(ends[1]);
    REQUIRE(log::start({}));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 100'000; ++i) log::line(Level::info, Subsystem::call, "id", "line {} of a flood", i);
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    const std::string text = drain(ends[0]);  // somebody reads again
    const std::string lost = " log lines were lost: the output did not take them in time";
    CHECK(text.find("line 99999 of a flood") != std::string::npos);
    CHECK(text.find("line 50 of a flood") != std::string::npos);
    unsigned long told = 0;
    unsigned long dropped = 0;
    for (auto said = text.find(lost); said != std::string::npos; said = text.find(lost, said + 1)) {
      dropped += std::stoul(text.substr(text.rfind(' ', said - 1) + 1));
      ++told;
    }
    CHECK(told > 0);
    CHECK(lines(text) - told + dropped == 100'000);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("stopping does not wait for a console that nobody reads") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    const StderrIs console(ends[1]);
    REQUIRE(log::start({}));
    for (int i = 0; i < 20'000; ++i) log::line(Level::info, Subsystem::call, "id", "line {} of a flood", i);
    const auto start = std::chrono::steady_clock::now();
    log::stop();
    CHECK(std::chrono::steady_clock::now() - start < 3s);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE(
    "a closed console and a full disk are survived, and what was lost is said when there is room again") {
  {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const StderrIs console(ends[1]);
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(log::start({}));
    for (int i = 0; i < 100; ++i) log::line(Level::info, Subsystem::call, "id", "into the void {}", i);
    log::stop();  // SIGPIPE would have ended us
  }
  if (fs::exists("/dev/full")) {
    const Folder folder;
    REQUIRE(log::start({.file = "/dev/full"}));
    for (int i = 0; i < 10; ++i) log::line(Level::info, Subsystem::call, "id", "no room {}", i);
    std::this_thread::sleep_for(100ms);
    REQUIRE(log::start({.file = folder.path / "log"}));
    std::this_thread::sleep_for(50ms);
    log::line(Level::info, Subsystem::call, "id", "room");
    log::stop();
    CHECK_THAT(contents(folder.path / "log"), Catch::Contains("10 log lines were lost: No space"));
  }
}

TEST_CASE("the journal gets priorities instead of times, other consoles do not") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  struct stat info{};
  REQUIRE(::fstat(ends[1], &info) == 0);
  const std::string stream = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  {
    const StderrIs console(ends[1]);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    REQUIRE(log::start({}));
    log::line(Level::warning, Subsystem::call, "id", "to the journal");
    log::stop();
    ::setenv("JOURNAL_STREAM", "1:2", 1);
    REQUIRE(log::start({}));
    log::line(Level::warning, Subsystem::call, "id", "to a terminal");
    log::stop();
    ::unsetenv("JOURNAL_STREAM");
  }
  const std::string text = drain(ends[0]);
  CHECK(text.find("<4>warning call      call=id to the journal\n") == 0);
  CHECK(text.find("Z warning call      call=id to a terminal\n") != std::string::npos);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("lines from many threads arrive whole while the log is opened anew") {
  const Folder folder;
  const log::Settings settings{.file = folder.path / "log"};
  REQUIRE(log::start(settings));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 1000; ++i) {
        log::line(Level::info, Subsystem::call, "id", "thread {} line {} end", t, i);
        if (i % 200 == 0) std::this_thread::sleep_for(5ms);
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    REQUIRE(log::start(settings));
    log::set_level(Subsystem::sip, Level::debug);
    std::this_thread::sleep_for(1ms);
  }
  for (auto& thread : threads) thread.join();
  log::stop();
  std::ifstream in(folder.path / "log");
  std::string line;
  std::size_t count = 0;
  while (std::getline(in, line)) {
    ++count;
    REQUIRE(line.size() > 30);
    REQUIRE(line.substr(line.size() - 4) == " end");
  }
  CHECK(count == 4000);
}

TEST_CASE("before it is started and after it was stopped the log writes directly") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    const StderrIs console(ends[1]);
    log::line(Level::error, Subsystem::main, "", "directly");
  }
  CHECK(drain(ends[0]).find("directly\n") != std::string::npos);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("what a line costs its caller", "[.bench]") {
  const Folder folder;
  REQUIRE(log::start({.file = folder.path / "log"}));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 8000; ++i)
    log::line(Level::info, Subsystem::call, "7f3c1234", "{} rings {} contacts", "1001", i);
  WARN("a line: " << (std::chrono::steady_clock::now() - start).count() / 8000 << " ns");
}
