// Accounts out of the system's files.
#include "main/account.hpp"

#include <catch2/catch.hpp>

using namespace switchroom::main;
using Catch::Matchers::Contains;

namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/bash\nswitchroom:x:990:991:PBX:/var/lib/switchroom:/usr/sbin/nologin\n"
    "1000:x:77:78::/:/bin/false\nbroken\nodd:x:minus:1::/:/bin/false\n";
constexpr std::string_view groups =
    "root:x:0:\nswitchroom:x:991:\nssl-cert:x:108:postgres,switchroom\naudio:x:29:switchroomer\n"
    "own:x:991:switchroom\nbad:x:y:switchroom\n";

}  // namespace

TEST_CASE("an account by name, with all its groups") {
  const auto account = find_account("switchroom", "", passwd, groups);
  REQUIRE(account.has_value());
  CHECK(account->user == 990);
  CHECK(account->group == 991);
  CHECK(account->groups == std::vector<gid_t>{991, 108});
  CHECK(find_account("switchroom", "audio", passwd, groups)->groups == std::vector<gid_t>{29, 108, 991});
  CHECK(find_account("switchroom", "4711", passwd, groups)->group == 4711);
}

TEST_CASE("an account by number, known or not") {
  const auto known = find_account("990", "", passwd, groups);
  REQUIRE(known.has_value());
  CHECK(known->name == "switchroom");
  CHECK(known->groups.size() == 2);
  const auto unknown = find_account("65532", "", "", "");
  REQUIRE(unknown.has_value());
  CHECK(unknown->user == 65532);
  CHECK(unknown->groups == std::vector<gid_t>{65532});
  CHECK(find_account("1000", "", passwd, groups)->user == 77);  // a name first
}

TEST_CASE("who is not there is told of") {
  for (const char* user : {"nobody-here", "odd", "broken", "-1", "4294967295", "99999999999"}) {
    INFO(user);
    const auto account = find_account(user, "", passwd, groups);
    REQUIRE_FALSE(account.has_value());
    CHECK_THAT(account.error().what, Contains("pbx.user: there is no user"));
  }
  const auto account = find_account("switchroom", "nowhere", passwd, groups);
  REQUIRE_FALSE(account.has_value());
  CHECK_THAT(account.error().what, Contains("pbx.group: there is no group \"nowhere\""));
}
