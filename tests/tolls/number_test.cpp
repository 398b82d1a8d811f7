// What is sent to a trunk, read as its carrier reads it.
#include "tolls/number.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace switchroom::tolls;

namespace {

struct Case {
  std::string_view home, sent, e164, country, special;
};

const Country& home(std::string_view iso) {
  const Country* country = country_called(iso);
  REQUIRE(country != nullptr);
  return *country;
}

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.home, one.sent);
    const auto to = destination_of(one.sent, home(one.home));
    CHECK(to.e164 == one.e164);
    CHECK((to.country == nullptr ? std::string_view() : to.country->iso) == one.country);
    CHECK(to.special == one.special);
    const bool abroad = !one.e164.empty() && one.country != one.home;
    CHECK(to.abroad == abroad);
  }
}

}  // namespace

TEST_CASE("the table of countries is sound") {
  std::set<std::string_view> names;
  std::set<std::string> codes;
  for (const Country& country : countries()) {
    CAPTURE(country.iso);
    CHECK(country.iso.size() == 2);
    CHECK(names.insert(country.iso).second);
    CHECK_FALSE(country.name.empty());
    CHECK_FALSE(country.abroad.empty());
    CHECK(country.length >= 7);
    std::string_view rest = country.codes;
    CHECK_FALSE(rest.empty());
    while (!rest.empty()) {
      const auto end = std::min(rest.find(' '), rest.size());
      const std::string code(rest.substr(0, end));
      CAPTURE(code);
      CHECK(code.find_first_not_of("0123456789") == std::string::npos);
      CHECK(code.size() <= 7);
      CHECK(codes.insert(code).second);
      CHECK(country_of(code + "5550123") == &country);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  CHECK(names.size() > 200);
}

TEST_CASE("numbers of an office in the United States") {
  check({
      {"us", "12125551234", "12125551234", "us", ""},
      {"us", "2125551234", "12125551234", "us", ""},
      {"us", "+1 (212) 555-1234", "12125551234", "us", ""},
      {"us", "5551234", "", "", ""},
      {"us", "411", "", "", ""},
      {"us", "18005551234", "18005551234", "us", ""},
      {"us", "01149301234567", "49301234567", "de", ""},
      {"us", "0049301234567", "49301234567", "de", ""},
      {"us", "01442071234567", "442071234567", "gb", ""},
      {"us", "+442071234567", "442071234567", "gb", ""},
      {"us", "442071234567", "442071234567", "gb", ""},
      {"us", "4930123456", "4930123456", "de", ""},
      {"us", "14165551234", "14165551234", "ca", ""},
      {"us", "4165551234", "14165551234", "ca", ""},
      {"us", "12425551234", "12425551234", "bs", ""},
      {"us", "8765551234", "18765551234", "jm", ""},
      {"us", "18095551234", "18095551234", "do", ""},
      {"us", "18495551234", "18495551234", "do", ""},
      {"us", "12845551234", "12845551234", "vg", ""},
      {"us", "19005551234", "19005551234", "us", "premium"},
      {"us", "9005551234", "19005551234", "us", "premium"},
      {"us", "12129761234", "12129761234", "us", "premium"},
      {"us", "9761234", "", "us", "premium"},
      {"us", "011881612345678", "881612345678", "", "satellite"},
      {"us", "+870776123456", "870776123456", "", "satellite"},
      {"us", "+979123456789", "979123456789", "", "premium"},
      {"us", "+88812345678", "88812345678", "", ""},
  });
}

TEST_CASE("carriers' codes and star codes hide nothing") {
  check({
      {"us", "101028801149301234567", "49301234567", "de", ""},
      {"us", "*6701149301234567", "49301234567", "de", ""},
      {"us", "*6712125551234", "12125551234", "us", ""},
      {"us", "*98", "", "", ""},
      {"de", "010330044207123456", "44207123456", "gb", ""},
      {"de", "0100330044207123456", "44207123456", "gb", ""},
      {"de", "*31#0044207123456", "44207123456", "gb", ""},
      {"us", "%2B4930123456", "4930123456", "de", ""},
      {"us", "30123456;phone-context=+49", "4930123456", "de", ""},
      {"us", "2125551234;x=1", "12125551234", "us", ""},
  });
}

TEST_CASE("numbers of offices elsewhere") {
  check({
      {"de", "030123456", "4930123456", "de", ""},
      {"de", "+49 (30) 123456", "4930123456", "de", ""},
      {"de", "4930123456", "4930123456", "de", ""},
      {"de", "30123456", "", "", ""},
      {"de", "0041443334455", "41443334455", "ch", ""},
      {"de", "09001234567", "499001234567", "de", "premium"},
      {"de", "0137123456", "49137123456", "de", "premium"},
      {"de", "01805123456", "491805123456", "de", "premium"},
      {"de", "08001234567", "498001234567", "de", ""},
      {"de", "11833", "", "de", "premium"},
      {"de", "110", "", "", ""},
      {"de", "0012425551234", "12425551234", "bs", ""},
      {"gb", "02071234567", "442071234567", "gb", ""},
      {"gb", "09061234567", "449061234567", "gb", "premium"},
      {"gb", "08711234567", "448711234567", "gb", "premium"},
      {"gb", "07012345678", "447012345678", "gb", "premium"},
      {"gb", "07712345678", "447712345678", "gb", ""},
      {"gb", "07797123456", "447797123456", "je", ""},
      {"gb", "118500", "", "gb", "premium"},
      {"fr", "0142345678", "33142345678", "fr", ""},
      {"fr", "0899123456", "33899123456", "fr", "premium"},
      {"fr", "0800123456", "33800123456", "fr", ""},
      {"it", "0612345678", "", "", ""},
      {"it", "899123456", "39899123456", "it", "premium"},
      {"es", "912345678", "", "", ""},
      {"es", "806123456", "34806123456", "es", "premium"},
      {"es", "0033142345678", "33142345678", "fr", ""},
      {"au", "0011442071234567", "442071234567", "gb", ""},
      {"au", "1300123456", "611300123456", "au", "premium"},
      {"ru", "84951234567", "74951234567", "ru", ""},
      {"ru", "81049301234567", "49301234567", "de", ""},
      {"ru", "87012345678", "77012345678", "kz", ""},
      {"ca", "18005551234", "18005551234", "ca", ""},
      {"ca", "12125551234", "12125551234", "us", ""},
      {"ca", "4165551234", "14165551234", "ca", ""},
      {"jm", "18765551234", "18765551234", "jm", ""},
  });
}

TEST_CASE("what is no number of the world is left alone") {
  for (const std::string_view sent :
       {"", "1001", "alice", "0", "00", "*", "+", "000", "9876543", ";", "%", "%2"}) {
    CAPTURE(sent);
    const auto to = destination_of(sent, home("us"));
    CHECK_FALSE(to.is_costly());
  }
  CHECK(destination_of("1001", home("us")).text("1001") == "1001");
  CHECK(destination_of("+4930123", home("us")).text("+4930123") == "+4930123 (Germany)");
}

TEST_CASE("emergency numbers") {
  CHECK(is_emergency_number("112", home("us")));
  CHECK(is_emergency_number("911", home("de")));
  CHECK(is_emergency_number("110", home("de")));
  CHECK(is_emergency_number("999", home("gb")));
  CHECK(is_emergency_number("000", home("au")));
  CHECK_FALSE(is_emergency_number("", home("us")));
  CHECK_FALSE(is_emergency_number("999", home("us")));
  CHECK_FALSE(is_emergency_number("9112", home("us")));
  CHECK_FALSE(is_emergency_number("9111", home("us")));
}
