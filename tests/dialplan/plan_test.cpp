// Which entries match, with what captures, and what is said about it.
#include "dialplan/plan.hpp"

#include "dialplan/pattern.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <map>

using namespace switchroom;
using config::ContextEntry;
using dialplan::Dialplan;

namespace {

constexpr dialplan::LocalTime noon{2026, 11, 25, 3, 12 * 60, 48};  // a Wednesday

using Facts = std::map<std::string, std::string, std::less<>>;

ContextEntry entry(std::string name, std::vector<std::pair<std::string, std::string>> when,
                   std::vector<std::pair<std::string, std::string>> actions, bool continue_after = false) {
  ContextEntry made;
  made.name = std::move(name);
  for (auto& [field, pattern] : when) made.when.push_back({field, pattern, {}});
  for (auto& [application, argument] : actions) made.actions.push_back({application, argument, {}});
  made.continue_after = continue_after;
  return made;
}

config::SnapshotPtr with(std::vector<ContextEntry> entries) {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->vars["office"] = "1555";
  snapshot->contexts["default"] = std::move(entries);
  return snapshot;
}

/// The steps as "application argument" lines.
std::vector<std::string> steps(const Dialplan& plan, const Facts& facts,
                               std::vector<std::string>* heard = nullptr) {
  std::vector<std::string> lines;
  const auto look_up = [&](std::string_view name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : found->second;
  };
  const auto explain = [&](const dialplan::Finding& finding) { heard->push_back(finding.text()); };
  const auto told = heard != nullptr ? explain : dialplan::Explain();
  std::size_t from = 0;
  while (const auto found = plan.match("default", look_up, noon, from, told)) {
    for (const auto& step : found->steps) lines.push_back(step.application + " " + step.argument);
    from = found->next;
  }
  return lines;
}

std::vector<std::string> dialled(const std::vector<ContextEntry>& entries, const std::string& number) {
  return steps(Dialplan(with(entries)), {{"destination_number", number}});
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the first entry that matches runs, and no other") {
  const std::vector<ContextEntry> office{
      entry("echo", {{"destination_number", "^9196$"}}, {{"answer", ""}, {"echo", ""}}),
      entry("colleagues", {{"destination_number", R"(^(10\d\d)$)"}},
            {{"set", "call_timeout=30"}, {"bridge", "user/$1"}}),
      entry("all", {}, {{"respond", "404"}})};
  CHECK(dialled(office, "9196") == Lines{"answer ", "echo "});
  CHECK(dialled(office, "1002") == Lines{"set call_timeout=30", "bridge user/1002"});
  CHECK(dialled(office, "10021") == Lines{"respond 404"});
  CHECK(dialled(office, "") == Lines{"respond 404"});
  const Dialplan plan(with(office));
  CHECK(plan.match(
                "default", [](std::string_view) { return std::string("1002"); }, noon)
            ->steps.at(1)
            .entry == "colleagues");
}

TEST_CASE("an entry with continue lets the next ones match too") {
  const std::vector<ContextEntry> entries{
      entry("first", {}, {{"log", "1"}}, true),
      entry("not this", {{"destination_number", "^9"}}, {{"log", "2"}}, true),
      entry("third", {{"destination_number", "^1"}}, {{"log", "3"}}), entry("fourth", {}, {{"log", "4"}})};
  CHECK(dialled(entries, "100") == Lines{"log 1", "log 3"});
  CHECK(dialled({entries[0], entries[1]}, "100") == Lines{"log 1"});
}

TEST_CASE("an entry behind one with continue sees the variables that its steps have set") {
  const Dialplan plan(with({entry("first", {}, {{"set", "kind=sales"}}, true),
                            entry("second", {{"${kind}", "^sales$"}}, {{"log", "2"}})}));
  Facts facts;
  const auto look_up = [&](std::string_view name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : found->second;
  };
  const auto first = plan.match("default", look_up, noon);
  REQUIRE(first);
  facts["kind"] = "sales";
  const auto second = plan.match("default", look_up, noon, first->next);
  REQUIRE(second);
  CHECK(second->steps.at(0).entry == "second");
  CHECK_FALSE(plan.match("default", look_up, noon, second->next).has_value());
}

TEST_CASE("contexts are separate, and one that is not there matches nothing") {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->contexts["a"] = {entry("in a", {}, {{"log", "a"}})};
  snapshot->contexts["empty"];
  const Dialplan plan(snapshot);
  CHECK(plan.has_context("a"));
  CHECK(plan.has_context("empty"));
  CHECK_FALSE(plan.has_context("b"));
  const auto nothing = [](std::string_view) { return std::string(); };
  CHECK(plan.match("a", nothing, noon)->steps.size() == 1);
  CHECK_FALSE(plan.match("empty", nothing, noon).has_value());
  std::string heard;
  const auto listen = [&](const dialplan::Finding& finding) { heard = finding.text(); };
  CHECK_FALSE(plan.match("b", nothing, noon, 0, listen).has_value());
  CHECK(heard == "there is no context \"b\"");
}

TEST_CASE("patterns search anywhere unless they are anchored") {
  CHECK(dialled({entry("x", {{"destination_number", "00"}}, {{"log", "$0"}})}, "91002") == Lines{"log 00"});
  CHECK(dialled({entry("x", {{"destination_number", "^00"}}, {{"log", ""}})}, "91002").empty());
  CHECK(dialled({entry("x", {{"destination_number", ""}}, {{"log", ""}})}, "91002") == Lines{"log "});
}

TEST_CASE("$ is the very end, not the place before a line feed") {
  CHECK(dialled({entry("x", {{"destination_number", "^100$"}}, {{"log", ""}})}, "100\n").empty());
}

TEST_CASE("captures stand where $0 to $9 do") {
  const auto one = [](const std::string& pattern, const std::string& argument, const std::string& number) {
    return dialled({entry("x", {{"destination_number", pattern}}, {{"log", argument}})}, number);
  };
  CHECK(one(R"(^9(\d{3})(\d+)$)", "$1-$2 of $0", "91234567") == Lines{"log 123-4567 of 91234567"});
  CHECK(one("^(a)?b$", "[$1]", "b") == Lines{"log []"});
  CHECK(one("^(1)$", "[$2$9]", "1") == Lines{"log []"});
  CHECK(one("^(1)$", "$1$1 $10 $", "1") == Lines{"log 11 10 $"});
  CHECK(one("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", "$9$8$1", "abcdefghijk") == Lines{"log iha"});
  CHECK(one("^(1)$", "$x ${y} $${z} $$1", "1") == Lines{"log $x ${y} $${z} $1"});
}

TEST_CASE("what a caller dials is never taken for a variable") {
  const auto lines =
      dialled({entry("x", {{"destination_number", "^(.*)$"}}, {{"log", "$1"}})}, R"(${secret}$${s}\${t}$1)");
  REQUIRE(lines.size() == 1);
  const auto argument = lines[0].substr(4);
  CHECK(dialplan::expand(
            argument, [](std::string_view) { return std::string("LEAK"); },
            [](std::string_view) { return std::string("LEAK"); }) == R"(${secret}$${s}\${t}$1)");
}

TEST_CASE("an escaped dollar sign in an argument is no capture") {
  const auto lines =
      dialled({entry("x", {{"destination_number", "^(1)$"}}, {{"log", R"(\$1 costs $1)"}})}, "1");
  CHECK(lines == Lines{R"(log \$1 costs 1)"});
  CHECK(dialplan::expand(lines[0], {}, {}) == "log $1 costs 1");
}

TEST_CASE("all conditions must hold") {
  const Dialplan plan(
      with({entry("x", {{"caller_id_number", "^1001$"}, {"destination_number", "^9"}}, {{"log", ""}})}));
  CHECK(steps(plan, {{"caller_id_number", "1001"}, {"destination_number", "91"}}).size() == 1);
  CHECK(steps(plan, {{"caller_id_number", "1002"}, {"destination_number", "91"}}).empty());
  CHECK(steps(plan, {{"caller_id_number", "1001"}, {"destination_number", "81"}}).empty());
  CHECK(steps(plan, {}).empty());
}

TEST_CASE("$1 is the dialled number's capture, else the first that any condition has") {
  const Facts facts{{"caller_id_number", "1001"}, {"destination_number", "95550"}};
  const auto run = [&](std::vector<std::pair<std::string, std::string>> when) {
    return steps(Dialplan(with({entry("x", std::move(when), {{"log", "$0 $1"}})})), facts);
  };
  CHECK(run({{"caller_id_number", "^(1)"}, {"destination_number", R"(^9(\d+)$)"}}) ==
        Lines{"log 95550 5550"});
  CHECK(run({{"destination_number", R"(^9(\d+)$)"}, {"caller_id_number", "^(1)"}}) ==
        Lines{"log 95550 5550"});
  CHECK(run({{"destination_number", "^95550$"}, {"caller_id_number", "^10(..)$"}}) == Lines{"log 1001 01"});
  CHECK(run({{"caller_id_number", "^1001$"}, {"destination_number", "^9"}}) == Lines{"log 9 "});
  CHECK(run({{"caller_id_number", "^(1)"}, {"${destination_number}", "^9(5)"}}) == Lines{"log 95 5"});
}

TEST_CASE("conditions look at any variable, header and expression") {
  const Facts facts{{"sip_h_X-Custom", "premium"},
                    {"network_addr", "10.0.0.7"},
                    {"my_var", "hello"},
                    {"context", "default"},
                    {"caller_id_name", "Alice"}};
  const auto run = [&](const std::string& field, const std::string& pattern) {
    return steps(Dialplan(with({entry("x", {{field, pattern}}, {{"log", "$1"}})})), facts);
  };
  CHECK(run("sip_h_X-Custom", "^(premium)$") == Lines{"log premium"});
  CHECK(run("${sip_h_X-Custom}", "^(premium)$") == Lines{"log premium"});
  CHECK(run("network_addr", R"(^10\.0\.0\..*$)").size() == 1);
  CHECK(run("${my_var}", "^(hello)$") == Lines{"log hello"});
  CHECK(run("my_var", "^(hello)$") == Lines{"log hello"});
  CHECK(run("${caller_id_name}/${my_var:0:2}", "^Alice/(he)$") == Lines{"log he"});
  CHECK(run("$${office}", "^(1555)$") == Lines{"log 1555"});
  CHECK(run("context", "^default$").size() == 1);
  CHECK(run("${not_set}", "^$").size() == 1);
}

TEST_CASE("texts are UTF-8, and bytes that are not do no harm") {
  const auto run = [](const std::string& pattern, const std::string& name) {
    return steps(Dialplan(with({entry("x", {{"caller_id_name", pattern}}, {{"log", "$1"}})})),
                 {{"caller_id_name", name}});
  };
  CHECK(run("^(J.rgen)$", "Jürgen") == Lines{"log Jürgen"});
  CHECK(run("^[äöü](.)$", "üb") == Lines{"log b"});
  CHECK(run("^(.*)$", "\xff\xfe").empty());
  CHECK(run("a(b)", "\xff ab \xfe") == Lines{"log b"});
  CHECK(run("^(.*)$", std::string("a\0b", 3)).size() == 1);
}

TEST_CASE("a runaway pattern is bounded and counts as no match") {
  const Dialplan plan(with({entry("runaway", {{"destination_number", "^(a+)+$"}}, {{"log", "wrong"}}),
                            entry("next", {}, {{"log", "right"}})}));
  const auto start = std::chrono::steady_clock::now();
  Lines heard;
  CHECK(steps(plan, {{"destination_number", std::string(1000, 'a') + "b"}}, &heard) == Lines{"log right"});
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500));
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].find("given up") != std::string::npos);
}

TEST_CASE("a subject beyond 1 KiB counts as no match") {
  const Dialplan plan(with({entry("x", {{"destination_number", "^a"}}, {{"log", ""}})}));
  CHECK(steps(plan, {{"destination_number", std::string(1024, 'a')}}).size() == 1);
  Lines heard;
  CHECK(steps(plan, {{"destination_number", std::string(1025, 'a')}}, &heard).empty());
  CHECK(heard.at(0).find("longer than 1024 bytes") != std::string::npos);
}

TEST_CASE("an entry whose pattern does not compile never matches") {
  CHECK(dialled({entry("bad", {{"destination_number", "("}}, {{"log", "bad"}}),
                 entry("good", {}, {{"log", "good"}})},
                "(") == Lines{"log good"});
}

TEST_CASE("each variable is asked for once for all entries, and only when needed") {
  std::vector<ContextEntry> entries;
  for (int i = 0; i < 10; ++i)
    entries.push_back(entry("x", {{"destination_number", "^x$"}, {"caller_id_number", "y"}}, {}));
  std::map<std::string, int, std::less<>> asked;
  (void)Dialplan(with(entries))
      .match(
          "default",
          [&](std::string_view name) {
            ++asked[std::string(name)];
            return std::string("1");
          },
          noon);
  CHECK(asked["destination_number"] == 1);
  CHECK(asked["caller_id_number"] == 0);
}

TEST_CASE("it explains itself to people") {
  Lines heard;
  const Dialplan plan(with(
      {entry("echo", {{"destination_number", "^9196$"}}, {}), entry("name", {{"caller_id_name", "^A"}}, {}),
       entry("colleagues", {{"destination_number", R"(^(10\d\d)$)"}, {"network_addr", "^10"}}, {}, true),
       entry("rest", {}, {}, true)}));
  (void)steps(plan, {{"destination_number", "1002"}, {"network_addr", "10.0.0.1"}}, &heard);
  CHECK(heard == Lines{"\"echo\" does not match: destination_number is \"1002\", which does not fit ^9196$",
                       "\"name\" does not match: caller_id_name is not set or empty, which does not fit ^A",
                       "\"colleagues\" matches: destination_number is \"1002\", which fits ^(10\\d\\d)$, and "
                       "network_addr is \"10.0.0.1\", which fits ^10",
                       "\"rest\" matches: it has no conditions", "no other entry is left"});
  heard.clear();
  (void)steps(plan, {{"destination_number", "1\r\n2" + std::string(200, 'x')}}, &heard);
  CHECK(heard.at(0).find('\n') == std::string::npos);
  CHECK(heard.at(0).size() < 200);
}

TEST_CASE("conditions are checked when the configuration is") {
  const auto check = [](const std::string& field, const std::string& pattern) {
    return dialplan::check_condition({field, pattern, {}}, {});
  };
  for (const auto* field : {"destination_number", "caller_id_number", "caller_id_name", "network_addr",
                            "context", "sip_h_X-Custom", "${anything}", "${a}-${b}", "$${office}"}) {
    CHECK(check(field, R"(^(10\d\d)$)").empty());
  }
  CHECK(check("destination_number", "^(10") == "bad pattern: missing closing parenthesis at offset 4");
  CHECK(check("destination_number", "*") ==
        "bad pattern: quantifier does not follow a repeatable item at offset 0");
  CHECK(check("destination_number", R"((?=ab\K))").find("not allowed in lookarounds") != std::string::npos);
  CHECK(check("destination_number", R"(a\Cb)").find("\\C") != std::string::npos);
  CHECK(check("destination_number", "\xff").find("UTF-8") != std::string::npos);
  CHECK(check("destination_number", std::string(5000, 'a')).find("4096 bytes") != std::string::npos);
  CHECK(check("destination_nunber", "1") ==
        "unknown field \"destination_nunber\"; did you mean destination_number");
  CHECK(check("zzzzzz", "1") == "unknown field \"zzzzzz\"; a variable is written as \"${zzzzzz}\"");
  CHECK(check("sip_h_", "1").find("unknown field") == 0);
  CHECK(check("sip_h_a b", "1").find("unknown field") == 0);
  CHECK(check("${open", "1").find("no closing") != std::string::npos);
  CHECK(check("", "1").find("unknown field") == 0);
}

TEST_CASE("fifty entries are tried in well under a call's share of a millisecond") {
  std::vector<ContextEntry> entries;
  for (int i = 0; i < 49; ++i) {
    entries.push_back(
        entry("n", {{"destination_number", "^(" + std::to_string(2000 + i) + R"()(\d{0,3})$)"}}, {}));
  }
  entries.push_back(entry("last", {{"destination_number", R"(^(10\d\d)$)"}}, {{"bridge", "user/$1"}}));
  const Dialplan plan(with(entries));
  const auto look_up = [](std::string_view) { return std::string("1002"); };
  constexpr int rounds = 2000;
  const auto start = std::chrono::steady_clock::now();
  std::size_t found = 0;
  for (int i = 0; i < rounds; ++i) found += plan.match("default", look_up, noon)->steps.size();
  const auto each =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / rounds;
  CHECK(found == rounds);
  WARN("a context of 50 entries takes " << each << " us");
  CHECK(each < 500);  // 20 in a release build on a quiet machine; this bound survives sanitizers
}

TEST_CASE("one of several conditions is enough; cases within cases") {
  ContextEntry office = entry("office", {{"destination_number", "^5(.)$"}}, {{"answer", ""}});
  office.any = {{"caller_id_number", "^1001$", {}}, {"${vip}", "^(yes)$", {}}};
  config::Case inner;
  inner.when = {{"${floor}", "^(2)$", {}}};
  inner.actions = {{"bridge", "user/100$1", {}}};
  config::Case other;
  other.actions = {{"bridge", "user/10$1", {}}};
  config::Case day;
  day.any = {{"days", "sun", {}}, {"days", "wed", {}}};
  day.actions = {{"log", "day", {}}};
  day.cases = {inner, other};
  config::Case rest;
  rest.actions = {{"hangup", "", {}}};
  office.cases = {day, rest};
  const Dialplan plan(with({office}));
  CHECK(steps(plan, {{"destination_number", "59"}}).empty());
  CHECK(steps(plan, {{"destination_number", "59"}, {"caller_id_number", "1001"}}) ==
        Lines{"answer ", "log day", "bridge user/109"});
  CHECK(steps(plan, {{"destination_number", "59"}, {"vip", "yes"}, {"floor", "2"}}) ==
        Lines{"answer ", "log day", "bridge user/1002"});
  Lines heard;
  (void)steps(plan, {{"destination_number", "59"}}, &heard);
  CHECK(heard.at(0) ==
        "\"office\" does not match: none of `any` holds: caller_id_number is not set or empty, which does "
        "not fit "
        "^1001$, and ${vip} is not set or empty, which does not fit ^(yes)$");
  heard.clear();
  (void)steps(plan, {{"destination_number", "59"}, {"vip", "yes"}}, &heard);
  CHECK(heard.at(0) ==
        "\"office\" matches: destination_number is \"59\", which fits ^5(.)$, and ${vip} is \"yes\", "
        "which fits ^(yes)$");
  CHECK(heard.at(1) == "\"office, case 1\" matches: it is days wed");
  CHECK(heard.at(3) == "\"office, case 1, case 2\" matches: it has no conditions");
}

TEST_CASE("what is passed over without a search is what a search would not find") {
  const auto fits = [](const char* pattern, const char* subject) {
    const auto compiled = dialplan::Pattern::compile(pattern);
    REQUIRE(compiled);
    dialplan::Search search;
    dialplan::Captures captures;
    return compiled->fit(subject, search, captures) == dialplan::Fit::fits;
  };
  CHECK(fits("^100$", "100"));
  CHECK_FALSE(fits("^100$", "101"));
  CHECK(fits("^(10[0-9]{2})$", "1042"));
  CHECK(fits("^10?$", "1"));
  CHECK(fits("^10*$", "1000"));
  CHECK(fits("^10{0}5$", "15"));
  CHECK(fits("^10+$", "100"));
  CHECK(fits("^(10)?5$", "5"));
  CHECK(fits("^(1(0))*5$", "5"));
  CHECK(fits("^(10)+5$", "10105"));
  CHECK(fits("^1|2$", "2"));
  CHECK(fits("^(1|2)$", "2"));
  CHECK(fits("^(?i)abc$", "ABC"));
  CHECK(fits("^(?:12)34", "1234"));
  CHECK(fits("^(?!12)34", "34"));
  CHECK(fits("^(?<n>12)$", "12"));
  CHECK(fits("(?x)^ 1 2 $", "12"));
  CHECK(fits("100", "0100"));
  CHECK(fits("^\\d", "1"));
  CHECK(fits("^(\\+?1?5551234567)$", "5551234567"));
  CHECK(fits("^", ""));
}
