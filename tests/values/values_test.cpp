// Shared values: what is asked of them, and the table that keeps them.
#include "base/random.hpp"
#include "base/sqlite.hpp"
#include "values/shared_values.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace switchroom::values;

namespace {

/// A file name of its own, gone with it.
class Scratch {
 public:
  Scratch() : folder_(std::filesystem::temp_directory_path() / switchroom::base::random_uuid()) {
    std::filesystem::create_directory(folder_);
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "values.db"; }

 private:
  std::filesystem::path folder_;
};

std::string does(SharedValues& values, std::string_view text) {
  const auto command = parse_command(text);
  if (!command) {
    return "not understood";
  }
  const auto result = values.execute(*command);
  return result ? *result : "failed";
}

}  // namespace

TEST_CASE("commands are read") {
  CHECK(parse_command("insert/a/b/c/d")->value == "c/d");
  CHECK(parse_command("select/a/b")->verb == Command::Verb::select);
  CHECK(parse_command("delete_ifmatch/a/b/")->value.empty());
  for (const auto* bad : {"", "/", "insert", "insert/a", "insert//b/c", "delete/a/b/c", "drop/a/b"}) {
    INFO(bad);
    CHECK_FALSE(parse_command(bad).has_value());
  }
}

TEST_CASE("values are changed and read") {
  SharedValues values;
  CHECK(does(values, "select/r/k").empty());
  CHECK(does(values, "insert/r/k/one") == "+OK");
  CHECK(does(values, "insert_ifempty/r/k/two") == "failed");
  CHECK(does(values, "select/r/k") == "one");
  CHECK(does(values, "exists/r/k") == "true");
  CHECK(does(values, "exists/other/k") == "false");
  CHECK(does(values, "delete_ifmatch/r/k/two") == "failed");
  CHECK(does(values, "delete_ifmatch/r/k/one") == "+OK");
  CHECK(does(values, "delete/r/k") == "failed");
  CHECK(does(values, "insert/r/k/" + std::string(70'000, 'x')) == "failed");
}

TEST_CASE("a table keeps them") {
  const Scratch scratch;
  {
    auto values = SharedValues::open(scratch.file());
    REQUIRE(values.has_value());
    for (int i = 0; i < 1000; ++i) {
      does(*values, "insert/r/" + std::to_string(i) + "/" + std::to_string(i * i));
    }
    does(*values, "delete/r/7");
    does(*values, "insert/r/8/it's");
  }
  auto again = SharedValues::open(scratch.file());
  REQUIRE(again.has_value());
  CHECK(again->all().size() == 999);
  CHECK(does(*again, "select/r/31") == "961");
  CHECK(does(*again, "select/r/8") == "it's");
  CHECK(does(*again, "exists/r/7") == "false");
}
