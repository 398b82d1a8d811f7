// The first start: where files go, what is in them, and what is said.
#include "main/first_run.hpp"

#include "config/load.hpp"
#include "config/scratch.hpp"
#include "main/welcome.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <map>
#include <set>
#include <sstream>

using namespace switchroom;
using namespace switchroom::main;
using Catch::Matchers::Contains;

namespace {

Paths paths_with(bool root, const std::map<std::string, std::string>& environment) {
  return default_paths(root, [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

Paths paths_in(const Scratch& scratch) {
  return {scratch / "home/.config/switchroom/switchroom.toml", scratch / "home/.local/share/switchroom",
          scratch / "run/switchroom/control.sock"};
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat facts{};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777U;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("root's files are the system's") {
  const Paths paths = paths_with(true, {{"HOME", "/root"}, {"XDG_CONFIG_HOME", "/x"}});
  CHECK(paths.config == "/etc/switchroom/switchroom.toml");
  CHECK(paths.data_dir == "/var/lib/switchroom");
  CHECK(paths.socket == "/run/switchroom/control.sock");
}

TEST_CASE("a user's files are under that user's own folders") {
  const Paths plain = paths_with(false, {{"HOME", "/home/a"}});
  CHECK(plain.config == "/home/a/.config/switchroom/switchroom.toml");
  CHECK(plain.data_dir == "/home/a/.local/share/switchroom");
  CHECK(plain.socket == "/home/a/.local/share/switchroom/control.sock");
  const Paths set = paths_with(false, {{"HOME", "/home/a"},
                                       {"XDG_CONFIG_HOME", "/c"},
                                       {"XDG_DATA_HOME", "/d"},
                                       {"XDG_RUNTIME_DIR", "/run/user/7"}});
  CHECK(set.config == "/c/switchroom/switchroom.toml");
  CHECK(set.data_dir == "/d/switchroom");
  CHECK(set.socket == "/run/user/7/switchroom/control.sock");
  CHECK(paths_with(false, {{"HOME", "/home/a"}, {"XDG_CONFIG_HOME", "relative"}}).config == plain.config);
  CHECK(paths_with(false, {}).config == std::filesystem::current_path() / "switchroom/switchroom.toml");
}

TEST_CASE("passwords are long, clear, and never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string password = random_password();
    CHECK(password.size() == 16);
    CHECK(password.find_first_of("0O1lI") == std::string::npos);
    CHECK(config::password_weakness(password, "1001").empty());
    CHECK(seen.insert(password).second);
  }
}

TEST_CASE("the first start writes a configuration that works") {
  const Scratch scratch;
  const Paths paths = paths_in(scratch);
  const auto run = write_first_config(paths);
  REQUIRE(run.has_value());
  CHECK(run->config == paths.config);
  REQUIRE(run->accounts.size() == 10);
  CHECK(run->accounts.front().first == "1001");
  CHECK(run->accounts.back().first == "1010");
  CHECK(mode_of(paths.config) == 0600);
  CHECK(mode_of(paths.data_dir) == 0700);
  CHECK(std::filesystem::is_directory(paths.socket.parent_path()));

  const config::Loaded loaded = config::load(paths.config, {});
  for (const config::Problem& problem : loaded.problems) {
    FAIL_CHECK(problem.text());
  }
  REQUIRE(loaded.snapshot);
  CHECK(loaded.snapshot->pbx.data_dir == paths.data_dir);
  CHECK(loaded.snapshot->control.socket == paths.socket);
  REQUIRE(loaded.snapshot->extensions.size() == 10);
  for (const auto& [number, password] : run->accounts) {
    CHECK(loaded.snapshot->extensions.at(number).password == password);
  }
  CHECK(loaded.snapshot->contexts.at("default").size() == 2);
  const std::string text = content(paths.config);
  CHECK_THAT(text, Contains("switchroom check " + paths.config.string()) && !Contains("@"));
}

TEST_CASE("a file that is there is never changed") {
  const Scratch scratch;
  const Paths paths = paths_in(scratch);
  scratch.write("home/.config/switchroom/switchroom.toml", "mine");
  const auto run = write_first_config(paths);
  REQUIRE(run.has_value());
  CHECK(run->accounts.empty());
  CHECK(content(paths.config) == "mine");
}

TEST_CASE("nor is a dangling link followed") {
  const Scratch scratch;
  const Paths paths = paths_in(scratch);
  std::filesystem::create_directories(paths.config.parent_path());
  std::filesystem::create_symlink(scratch / "elsewhere", paths.config);
  const auto run = write_first_config(paths);
  REQUIRE(run.has_value());
  CHECK(run->accounts.empty());
  CHECK_FALSE(std::filesystem::exists(scratch / "elsewhere"));
}

TEST_CASE("folders that cannot be made are named") {
  const Scratch scratch;
  scratch.write("home", "a file");
  const auto run = write_first_config(paths_in(scratch));
  REQUIRE_FALSE(run.has_value());
  CHECK_THAT(run.error().what, Contains("cannot make the folder") && Contains((scratch / "home").string()));
}

TEST_CASE("paths with quotes and backslashes survive") {
  const Scratch scratch;
  Paths paths = paths_in(scratch);
  paths.data_dir = scratch / R"(a "b" \c)";
  REQUIRE(write_first_config(paths).has_value());
  const config::Loaded loaded = config::load(paths.config, {});
  REQUIRE(loaded.snapshot);
  CHECK(loaded.snapshot->pbx.data_dir == paths.data_dir);
}

TEST_CASE("the welcome says how to set phones up and what to dial") {
  FirstRun run{"/etc/switchroom/switchroom.toml",
               {{"1001", "aaaaaaaaaaaaaaaa"}, {"1002", "bbbbbbbbbbbbbbbb"}, {"1003", "cccccccccccccccc"}}};
  std::ostringstream plain;
  print_welcome(plain, run, {"192.0.2.7"}, {false, 200});
  CHECK_THAT(plain.str(), Contains("192.0.2.7") && Contains("5060") && Contains("1001") &&
                              Contains("aaaaaaaaaaaaaaaa") && Contains("bbbbbbbbbbbbbbbb") &&
                              !Contains("cccccccccccccccc") && Contains("9196") &&
                              Contains("/etc/switchroom/switchroom.toml") && !Contains("▀"));
  std::ostringstream terminal;
  print_welcome(terminal, run, {"192.0.2.7"}, {true, 80});
  CHECK_THAT(terminal.str(), Contains("▀") && Contains("▄") && Contains("\x1b[0m"));
  std::ostringstream narrow;
  print_welcome(narrow, run, {"192.0.2.7"}, {true, 40});
  CHECK_THAT(narrow.str(), !Contains("▀"));
  std::ostringstream later;
  run.accounts.clear();
  print_welcome(later, run, {"192.0.2.7"}, {true, 80});
  CHECK(later.str() == "Switchroom serves /etc/switchroom/switchroom.toml.\n");
}

TEST_CASE("the code fits a terminal of 80 columns for the longest address") {
  const std::string code =
      account_code({"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"}, "1010", "abcdefghijkmnpqr");
  CHECK_THAT(code, Contains("<RegisterServer>2001:db8:ffff:ffff:ffff:ffff:ffff:ffff</RegisterServer>") &&
                       Contains("<UserID>1010</UserID>") &&
                       Contains("<AuthPass>abcdefghijkmnpqr</AuthPass>"));
  CHECK_THAT(account_code({"192.0.2.7", 5070}, "1001", "x"),
             Contains("<RegisterServer>192.0.2.7:5070</RegisterServer>"));
  CHECK_FALSE(draw_qr(code, 80).empty());
  CHECK(draw_qr(code, 60).empty());
}
