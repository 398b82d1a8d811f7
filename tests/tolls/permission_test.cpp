#include "tolls/permission.hpp"

#include <catch2/catch.hpp>

using namespace switchroom::tolls;
using Words = std::vector<std::string_view>;

namespace {

Permission ask(std::string_view sent, const Words& words, std::string_view from = "us") {
  return permission_for(destination_of(sent, *country_called(from)), sent, words);
}
std::vector<std::string> missing(std::string_view sent, const Words& words, std::string_view from = "us") {
  return ask(sent, words, from).missing;
}
using Missing = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing abroad and nothing premium without a word") {
  CHECK(ask("12125551234", {}).allowed);
  CHECK(ask("5551234", {}).allowed);
  CHECK(ask("1001", {}).allowed);
  CHECK(missing("01149301234", {}) == Missing{"de"});
  CHECK(missing("19005551234", {}) == Missing{"premium"});
  CHECK(missing("+449061234567", {}) == Missing{"gb", "premium"});
  CHECK(missing("+881612345678", {}) == Missing{"satellite"});
  CHECK(missing("+979123456789", {}) == Missing{"premium"});
  CHECK(missing("+88812345678", {}) == Missing{"+88812345678"});
  CHECK(ask("01149301234", {}).why == "+49301234 (Germany) is abroad");
  CHECK(ask("+449061234567", {}).why ==
        "+449061234567 (the United Kingdom) is abroad and is a number of premium or shared cost");
}

TEST_CASE("words allow") {
  CHECK(ask("01149301234", {"de"}).allowed);
  CHECK(ask("01149301234", {"gb", "abroad"}).allowed);
  CHECK_FALSE(ask("01149301234", {"gb", "premium"}).allowed);
  CHECK(ask("19005551234", {"premium"}).allowed);
  CHECK_FALSE(ask("19005551234", {"abroad"}).allowed);
  CHECK(missing("+449061234567", {"gb"}) == Missing{"premium"});
  CHECK(ask("+449061234567", {"abroad", "premium"}).allowed);
  CHECK(ask("+881612345678", {"satellite"}).allowed);
  CHECK_FALSE(ask("+881612345678", {"abroad"}).allowed);
  CHECK(ask("01149301234", {"+4930"}).allowed);
  CHECK_FALSE(ask("01149401234", {"+4930"}).allowed);
  CHECK(ask("19005551234", {"+1900555"}).allowed);
  CHECK(ask("12425551234", {"bs"}).allowed);
  CHECK(missing("12425551234", {"jm"}) == Missing{"bs"});
}

TEST_CASE("words that mean nothing") {
  for (const char* good : {"de", "us", "abroad", "premium", "satellite", "+4930", "+1"}) {
    CHECK(check_word(good).empty());
  }
  for (const char* bad : {"", "DE", "germany", "xx", "+", "+49-30", "49", "premum"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_word(bad).empty());
  }
  CHECK(check_word("premum").find("premium") != std::string::npos);
  CHECK(check_country("gr").empty());
  CHECK_FALSE(check_country("xx").empty());
}
