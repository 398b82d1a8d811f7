// ${name} and its relatives.
#include "dialplan/plan.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <map>

using namespace switchroom;

namespace {

std::string variable(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> values{{"number", "1234567890"},
                                                                      {"name", "Jürgen"},
                                                                      {"which", "number"},
                                                                      {"evil", "${number} $${domain} $1"},
                                                                      {"a", "x"},
                                                                      {"ax", "nested"},
                                                                      {"strftime(%H:%M:%S)", "12:34:56"},
                                                                      {"a:b", "colon"}};
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}
std::string global(std::string_view name) { return name == "domain" ? "pbx.example" : ""; }

std::string expanded(std::string_view text) { return dialplan::expand(text, variable, global); }

}  // namespace

TEST_CASE("variables and globals are replaced, unknown ones are empty") {
  CHECK(expanded("") == "");
  CHECK(expanded("no reference") == "no reference");
  CHECK(expanded("${number}") == "1234567890");
  CHECK(expanded("user/${number}@$${domain}!") == "user/1234567890@pbx.example!");
  CHECK(expanded("[${nothing}$${nothing}]") == "[]");
  CHECK(expanded("${}") == "");
  CHECK(expanded("${domain}$${number}") == "");
  CHECK(dialplan::expand("a${x}b$${y}c", {}, {}) == "abc");
}

TEST_CASE("what is no reference stays") {
  for (const auto* text :
       {"$", "$$", "$number", "{number}", "}", "a}b", "$ {number}", "$1", "$$$", "\\", "a\\b", "{}"}) {
    CHECK(expanded(text) == text);
  }
}

TEST_CASE("a part of a value") {
  CHECK(expanded("${number:0}") == "1234567890");
  CHECK(expanded("${number:1}") == "234567890");
  CHECK(expanded("${number:0:1}") == "1");
  CHECK(expanded("${number:4:2}") == "56");
  CHECK(expanded("${number:-4}") == "7890");
  CHECK(expanded("${number:-4:2}") == "78");
  CHECK(expanded("${number:0:-4}") == "123456");
  CHECK(expanded("${number:2:-2}") == "345678");
  CHECK(expanded("${number:-4:-1}") == "789");
  CHECK(expanded("${number:0:0}") == "");
  CHECK(expanded("${number:10}") == "");
  CHECK(expanded("${number:99:5}") == "");
  CHECK(expanded("${number:-99}") == "1234567890");
  CHECK(expanded("${number:5:-5}") == "");
  CHECK(expanded("${number:8:-5}") == "");
  CHECK(expanded("${number:0:-99}") == "");
  CHECK(expanded("${number:3:99}") == "4567890");
  CHECK(expanded("$${domain:0:3}") == "pbx");
  CHECK(expanded("${nothing:0:3}") == "");
}

TEST_CASE("parts are counted in characters") {
  CHECK(expanded("${name:1:1}") == "ü");
  CHECK(expanded("${name:-4}") == "rgen");
  CHECK(expanded("${name:0:2}") == "Jü");
}

TEST_CASE("colons without numbers belong to the name") {
  CHECK(expanded("${strftime(%H:%M:%S)}") == "12:34:56");
  CHECK(expanded("${a:b}") == "colon");
  CHECK(expanded("${a:b:0:2}") == "co");
  CHECK(expanded("${number:}") == "");
  CHECK(expanded("${number:x:1}") == "");
  CHECK(expanded("${number:99999999999999999999}") == "");
  CHECK(expanded("${number:1e3}") == "");
}

TEST_CASE("names may hold references, values are never looked into") {
  CHECK(expanded("${${which}}") == "1234567890");
  CHECK(expanded("${a${a}}") == "nested");
  CHECK(expanded("${${which}:-2}") == "90");
  CHECK(expanded("${evil}") == "${number} $${domain} $1");
}

TEST_CASE("an unclosed reference stays as it is") {
  CHECK(expanded("${number") == "${number");
  CHECK(expanded("a ${") == "a ${");
  CHECK(expanded("a $${x ${number} y") == "a $${x 1234567890 y");
  CHECK(expanded("${a ${b ${number}") == "${a ${b 1234567890");
}

TEST_CASE("an escaped dollar sign is a dollar sign") {
  CHECK(expanded("\\${number}") == "${number}");
  CHECK(expanded("\\$\\${number}") == "$${number}");
  CHECK(expanded("\\$1") == "$1");
  CHECK(expanded("\\\\${number}") == "\\${number}");
}

TEST_CASE("nesting and length are bounded") {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "${";
    text += "which";
    return text + std::string(depth, '}');
  };
  CHECK(expanded(nested(2)) == "1234567890");
  CHECK(expanded(nested(8)) == "");
  CHECK(expanded("[" + nested(9) + "]") == "[]");
  CHECK(expanded(std::string(200'000, 'x')).size() == 65536);
  CHECK(dialplan::expand("${x}${x}", [](std::string_view) { return std::string(50'000, 'y'); }, {}).size() ==
        65536);
}

TEST_CASE("the worst texts take linear time") {
  std::string openers;
  for (int i = 0; i < 20'000; ++i) openers += "${";
  std::string pairs;
  for (int i = 0; i < 20'000; ++i) pairs += "${a}";
  const auto start = std::chrono::steady_clock::now();
  (void)expanded(openers);
  (void)expanded(openers + std::string(20'000, '}'));
  (void)expanded(pairs);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}
