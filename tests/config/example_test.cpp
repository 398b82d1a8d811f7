// The example file and the reference tell of every key, and nothing that this version lacks.
#include "config/keys.hpp"
#include "loading.hpp"

#include <fstream>
#include <regex>
#include <sstream>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

std::string source(const std::string& path) {
  std::ifstream in(std::string(SWITCHROOM_SOURCE_DIR) + "/" + path);
  REQUIRE(in);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Takes the # from lines that are keys or tables in disguise: "# allow = …", "# [profiles.other]".
std::string uncommented(const std::string& text) {
  return std::regex_replace(text, std::regex(R"((^|\n)# (?=\[|[a-z_]+ +=))"), "$1");
}

}  // namespace

TEST_CASE("the example loads without a problem once its passwords are chosen") {
  const std::string text = replaced(source("config.example.toml"), "\"…\"", "\"tulip-42-harbour\"");
  const SnapshotPtr snapshot = right(load_text(text, "config.example.toml", {}));
  CHECK(snapshot->extensions.size() == 2);
  REQUIRE(snapshot->contexts.at("default").size() ==
          18);  // nine of them from short sections, four feature codes
  CHECK(snapshot->contexts.at("default")[0].actions[1].application == "bridge");
  CHECK(snapshot->contexts.at("default")[0].actions[1].argument == "user/$1");
}

TEST_CASE("as it is, the example's passwords are refused, and nothing else") {
  const Loaded loaded = load_text(source("config.example.toml"), "config.example.toml", {});
  REQUIRE(loaded.problems.size() == 3);
  for (const Problem& problem : loaded.problems) {
    CHECK_THAT(problem.text(),
               EndsWith(".password: the password is the placeholder of the example: choose a password"));
  }
}

TEST_CASE("what the example shows behind # is right too") {
  std::string text = uncommented(replaced(source("config.example.toml"), "\"…\"", "\"tulip-42-harbour\""));
  text = replaced(text, "include = [\"people/*.toml\"]", "");
  text = replaced(text, "timezone = \"Europe/Berlin\"", "");
  const SnapshotPtr snapshot = right(load_text(text, "config.example.toml", {}));
  CHECK(snapshot->trunks.at("itsp").realm == "provider.example");
  CHECK(snapshot->profiles.at("internal").allow == "office");
  CHECK(snapshot->contexts.at("default").size() == 19);
}

TEST_CASE("every key of the table stands in the example or in the reference, each with a sentence") {
  const std::string told = reference();
  const std::string example = source("config.example.toml");
  for (const Key& key : keys()) {
    INFO(key.path);
    CHECK_FALSE(key.about.empty());
    CHECK(key.about.ends_with('.'));
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    if (key.set == nullptr) {
      CHECK_THAT(told, Contains("`" + std::string(key.path) + "`"));
    } else {
      CHECK_THAT(told, Contains("| `" + (name == "*" ? "NAME" : name) + "` |"));
      CHECK((name == "*" || example.find(name) != std::string::npos));
    }
  }
}

TEST_CASE("every table of a key is a section") {
  for (const Key& key : keys()) {
    INFO(key.path);
    const std::size_t dot = key.path.rfind('.');
    const std::string_view table =
        dot == std::string_view::npos ? std::string_view() : key.path.substr(0, dot);
    bool found = table.empty();
    for (const Section& section : sections()) {
      found = found || section.path == table;
    }
    CHECK(found);
  }
}

TEST_CASE("docs/configuration.md is the reference of this version") {
  // To renew it: SWITCHROOM_WRITE_REFERENCE=1 unit_config
  const std::string path = std::string(SWITCHROOM_SOURCE_DIR) + "/docs/configuration.md";
  if (std::getenv("SWITCHROOM_WRITE_REFERENCE") != nullptr) {
    std::ofstream(path) << reference();
  }
  CHECK(source("docs/configuration.md") == reference());
}

TEST_CASE("the tables of the reference have one line for each key, in five columns") {
  std::istringstream in(reference());
  std::string line;
  int rows = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("| `")) {
      ++rows;
      std::size_t bars = 0;
      for (const char c : line) {
        bars += c == '|' ? 1 : 0;
      }
      CHECK(bars == 6);
    }
  }
  CHECK(rows > 50);
}
