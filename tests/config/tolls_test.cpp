// What calls to the outside may cost, as the file says it.
#include "config/tolls_checks.hpp"
#include "loading.hpp"

#include <set>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using namespace std::chrono_literals;

namespace {

const std::string more = R"(
[trunks.itsp]
host     = "198.51.100.7"
register = false
[hours.business]
days = "mon-fri"
)";

Loaded with(const std::string& text, const std::string& of_extension = {}) {
  Checks checks;
  checks.toll = [](const std::string& word) { return word == "de" ? "" : "\"" + word + "\" means nothing"; };
  checks.country = [](const std::string& iso) {
    return iso == "us" || iso == "gr" ? "" : "no country " + iso;
  };
  std::string people(sound);
  people.insert(people.find("password"), of_extension);
  return load_text(people + more + text, "t.toml", checks);
}

}  // namespace

TEST_CASE("without a line there are caps, and the country is that of the exchange") {
  const auto snapshot = right(with(""));
  const Tolls& tolls = snapshot->tolls;
  CHECK(tolls.country.text == "us");
  CHECK(tolls.allow.empty());
  CHECK(tolls.caps.calls == 100);
  CHECK(tolls.caps.talk == 5h);
  CHECK_FALSE(tolls.end_at_cap);
  CHECK(tolls.lock_all);
  CHECK_FALSE(snapshot->extensions.at("1001").tolls.forward_outside);
  CHECK_FALSE(snapshot->contexts.contains(toll_hours_context));
}

TEST_CASE("all of it") {
  const auto snapshot = right(
      with(R"([tolls]
country = "gr"
allow = ["de"]
calls_per_hour = 0
talk_per_hour = "90m"
at_cap = "end"
hours = "!business"
lock = "costly"
[[outbound]]
dial = '9(\d+)'
trunks = ["itsp"]
tolls = ["de"]
)",
           "tolls = [\"de\"]\ncalls_per_hour = 7\ntoll_hours = \"business\"\nforward_outside = true\n"));
  CHECK(snapshot->tolls.country.text == "gr");
  CHECK(snapshot->tolls.caps.calls == 0);
  CHECK(snapshot->tolls.caps.talk == 90min);
  CHECK(snapshot->tolls.end_at_cap);
  CHECK_FALSE(snapshot->tolls.lock_all);
  CHECK(snapshot->outbound.front().tolls.front().text == "de");
  const OwnTolls& own = snapshot->extensions.at("1001").tolls;
  CHECK(own.calls_per_hour == 7);
  CHECK_FALSE(own.talk_per_hour.has_value());
  CHECK(own.forward_outside);
  const auto& hours = snapshot->contexts.at(toll_hours_context);
  std::set<std::string> names;
  for (const auto& entry : hours) {
    REQUIRE(entry.when.size() == 2);
    CHECK(entry.when[1].field == "hours");
    names.insert(entry.when[1].pattern);
  }
  CHECK(names == std::set<std::string>{"!business", "business"});
}

TEST_CASE("what is wrong with it, at its place") {
  CHECK_THAT(only(with("[tolls]\nallow = [\"de\", \"xx\"]\n")),
             Contains("tolls.allow: \"xx\" means nothing"));
  CHECK_THAT(only(with("[tolls]\ncountry = \"xx\"\n")), Contains("tolls.country: no country xx"));
  CHECK_THAT(only(with("[tolls]\nhours = \"busines\"\n")),
             Contains("tolls.hours: there is no [hours.busines]; did you mean business"));
  CHECK_THAT(only(with("", "toll_hours = \"!x\"\n")),
             Contains("extensions.1001.toll_hours: there is no [hours.x]"));
  CHECK_THAT(only(with("", "tolls = [\"xx\"]\n")), Contains("extensions.1001.tolls"));
  CHECK_THAT(only(with("[tolls]\nmail = \"boss@example.com\"\n")), Contains("tolls.mail: needs [mail]"));
  CHECK_THAT(only(with("[tolls]\nmail = \"boss\"\n")), Contains("is no mail address"));
  CHECK_THAT(only(with("[tolls]\nwebhook = \"ftp://x\"\n")), Contains("tolls.webhook: "));
  CHECK(with("", "toll_hours = \"always\"\n").problems.empty());
}
