#include "main/command_line.hpp"

#include <catch2/catch.hpp>

using namespace switchroom::main;

TEST_CASE("the command line says what to do") {
  CHECK(std::holds_alternative<Serve>(parse_command_line({})));
  CHECK_FALSE(std::get<Serve>(parse_command_line({})).config);
  CHECK(std::get<Serve>(parse_command_line({"-c", "a.toml"})).config == "a.toml");
  CHECK(std::get<Serve>(parse_command_line({"--config", "a.toml"})).config == "a.toml");
  CHECK(std::get<Serve>(parse_command_line({"--config=a.toml"})).config == "a.toml");
  CHECK(std::get<Check>(parse_command_line({"check", "a.toml"})).config == "a.toml");
  CHECK(std::holds_alternative<ShowVersion>(parse_command_line({"--version"})));
  CHECK(std::holds_alternative<ShowLicenses>(parse_command_line({"licenses"})));
  CHECK(std::holds_alternative<ShowHelp>(parse_command_line({"--help"})));
  CHECK(std::holds_alternative<ShowExample>(parse_command_line({"example"})));
}

TEST_CASE("what cannot be meant is a usage error") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"-c"},
                                                                                     {"-c", "a", "b"},
                                                                                     {"check"},
                                                                                     {"check", "a", "b"},
                                                                                     {"--version", "x"},
                                                                                     {"serve"},
                                                                                     {"--config=a", "b"}}) {
    CAPTURE(words);
    CHECK(std::holds_alternative<UsageError>(parse_command_line(words)));
  }
}
