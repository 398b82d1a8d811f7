// Dial strings: what is rung, in which order, with which variables; and that data stays data.
#include "dialplan/dial_string.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace switchroom;
using namespace switchroom::dialplan;
using Kind = DialTarget::Kind;
using Catch::Matchers::Contains;

namespace {

DialString right(std::string_view text) {
  auto parsed = parse_dial_string(text);
  INFO(text);
  if (!parsed) FAIL(parsed.error().what);
  return std::move(*parsed);
}

std::string wrong(std::string_view text) {
  const auto parsed = parse_dial_string(text);
  INFO(text);
  REQUIRE_FALSE(parsed);
  return parsed.error().what;
}

DialTarget one(std::string_view text) {
  auto parsed = right(text);
  REQUIRE(parsed.rounds.size() == 1);
  REQUIRE(parsed.rounds[0].size() == 1);
  return parsed.rounds[0][0];
}

std::string names(const DialString& what) {
  std::string out;
  for (const auto& round : what.rounds) {
    out += out.empty() ? "" : "|";
    for (std::size_t i = 0; i < round.size(); ++i) out += (i == 0 ? "" : ",") + round[i].name;
  }
  return out;
}

std::string expanded(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  const auto look_up = [&](std::string_view name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
  return expand_dial_string(text, look_up, look_up);
}

}  // namespace

TEST_CASE("targets ring at once, rounds one after the other") {
  CHECK(names(right("user/1001")) == "1001");
  CHECK(names(right("user/1001,user/1002|group/sales|sip:bob@192.0.2.7")) ==
        "1001,1002|sales|sip:bob@192.0.2.7");
  CHECK(names(right(" user/1001 , user/1002 | user/1003 ")) == "1001,1002|1003");
  CHECK(names(right("user/1001,,user/1002||user/1003,")) == "1001,1002|1003");
}

TEST_CASE("every kind of target, in the spellings that people bring") {
  CHECK(one("user/1001@example.com").name == "1001");
  CHECK(one("user/1001@example.com").kind == Kind::user);
  CHECK(one("sofia/internal/1001%example.com").kind == Kind::user);
  CHECK(one("sofia/internal/1001%example.com").name == "1001");
  CHECK(one("group/sales@example.com").name == "sales");
  CHECK(one("group/sales").kind == Kind::group);
  const auto trunk = one("sofia/gateway/my_provider/0015551234567");
  CHECK(trunk.kind == Kind::trunk);
  CHECK(trunk.name == "my_provider");
  CHECK(trunk.number == "0015551234567");
  CHECK(one("trunk/itsp/911").number == "911");
  const auto uri = one("sofia/external/15551234567@sip.example.com:5080");
  CHECK(uri.kind == Kind::uri);
  CHECK(uri.name == "sip:15551234567@sip.example.com:5080");
  CHECK(uri.profile == "external");
  CHECK(one("sofia/external/sip:bob@192.0.2.7;transport=tcp").name == "sip:bob@192.0.2.7;transport=tcp");
  CHECK(one("sip:bob@[2001:db8::1]:5060").name == "sip:bob@[2001:db8::1]:5060");
  CHECK(one("error/USER_BUSY").kind == Kind::error);
}

TEST_CASE("variables for all and for one") {
  const auto what = right(
      "{ringback=%(2000\\,4000\\,440),call_timeout=20}[leg_delay_start=5,sip_h_X-Who='a, "
      "b']user/1001,user/1002");
  CHECK(what.variables == Assignments{{"ringback", "%(2000,4000,440)"}, {"call_timeout", "20"}});
  CHECK(what.rounds[0][0].variables == Assignments{{"leg_delay_start", "5"}, {"sip_h_X-Who", "a, b"}});
  CHECK(what.rounds[0][1].variables.empty());
  CHECK(right("{a=%(1,2,3),b=(x,c=1}user/1").variables == Assignments{{"a", "%(1,2,3)"}, {"b", "(x,c=1"}});
  CHECK(right("{^^:a=1,2:b=3}user/1").variables == Assignments{{"a", "1,2"}, {"b", "3"}});
  CHECK(right("{a=1}{b=}user/1").variables == Assignments{{"a", "1"}, {"b", ""}});
  CHECK(one("[a=1][ b =2]user/1").variables == Assignments{{"a", "1"}, {"b", "2"}});
  CHECK(one("[a='it\\'s [x]']user/1").variables == Assignments{{"a", "it's [x]"}});
}

TEST_CASE("what cannot be right says why") {
  CHECK_THAT(wrong(""), Contains("somebody to call"));
  CHECK_THAT(wrong(" , |"), Contains("somebody to call"));
  CHECK_THAT(wrong("1001"), Contains("\"1001\" is neither user/NUMBER"));
  CHECK_THAT(wrong("user/"), Contains("user/1002"));
  CHECK_THAT(wrong("trunk/itsp"), Contains("trunk/NAME/NUMBER"));
  CHECK_THAT(wrong("sofia/internal"), Contains("sofia/PROFILE"));
  CHECK_THAT(wrong("{a=1user/1"), Contains("not closed by }"));
  CHECK_THAT(wrong("[a]user/1"), Contains("\"a\" is no NAME=VALUE"));
  CHECK_THAT(wrong("user/1,{a=1}user/2"), Contains("very beginning"));
  CHECK_THAT(wrong("[a=1]"), Contains("nobody behind it"));
  std::string many = "user/1";
  for (std::size_t i = 0; i < most_targets; ++i) many += ",user/1";
  CHECK_THAT(wrong(many), Contains("more than 50"));
}

TEST_CASE("as it stands in a file, before its variables are known") {
  CHECK(one("user/$1").name == "$1");
  CHECK(one("user/${a}@$${domain}").name == "${a}");
  CHECK(one("${team}").kind == Kind::computed);
  CHECK(names(right("{a=${x:1},b=2}user/${y|,}|user/2")) == "${y|,}|2");
}

TEST_CASE("what a variable holds adds no target, unless it is one") {
  CHECK(expanded("user/${n}", {{"n", "1001"}}) == "user/1001");
  const auto evil = expanded("user/${n}", {{"n", "1,sip:evil@192.0.2.66|trunk/x/900"}});
  CHECK(names(right(evil)) == "1,sip:evil");  // what follows @ is the domain
  CHECK(one(evil).kind == Kind::user);
  const auto named =
      expanded("{effective_caller_id_name='${who}',x=${who}}user/1", {{"who", "a'},sip:e@h,b=c}"}});
  CHECK(right(named).variables ==
        Assignments{{"effective_caller_id_name", "a'},sip:e@h,b=c}"}, {"x", "a'},sip:e@h,b=c}"}});
  CHECK(names(right(named)) == "1");
  CHECK(right(expanded("{^^:a=${v}}user/1", {{"v", "1:b=2"}})).variables == Assignments{{"a", "1:b=2"}});
  CHECK(right(expanded("{a=${v},b=2}user/1", {{"v", "("}})).variables == Assignments{{"a", "("}, {"b", "2"}});
  CHECK(names(right(expanded("${team},user/3", {{"team", "user/1|user/2"}}))) == "1|2,3");
  CHECK(names(right(expanded("[a=1] ${team}", {{"team", "user/1,user/2"}}))) == "1,2");
  CHECK(one(expanded("user/1\\$1", {})).name == "1$1");
}
