// What `switchroom check` says of a dialplan's actions, before any caller meets them.
#include "apps/application.hpp"

#include <catch2/catch.hpp>

#include <set>

using switchroom::apps::check_action;

namespace {

std::string check(const std::string& application, const std::string& argument = {}) {
  return check_action({application, argument, {}});
}

}  // namespace

TEST_CASE("every application has a name of its own and a sentence of help") {
  std::set<std::string_view> names;
  for (const auto& one : switchroom::apps::table()) {
    CHECK(names.insert(one.name).second);
    CHECK(one.help.ends_with("."));
    CHECK(switchroom::apps::find(one.name)->name == one.name);
  }
  CHECK(names.size() == 9);
  CHECK(switchroom::apps::find("nothing") == nullptr);
}

TEST_CASE("an unknown application is named, with what was probably meant") {
  CHECK(check("brige", "user/1001") == "there is no application \"brige\"; did you mean bridge");
  CHECK(check("frobnicate").find("did you mean") == std::string::npos);
}

TEST_CASE("arguments that can work pass, also those only the call will know") {
  CHECK(check("answer").empty());
  CHECK(check("sleep", "1000").empty());
  CHECK(check("sleep", "${pause}").empty());
  CHECK(check("set", "call_timeout=30").empty());
  CHECK(check("set", "empty=").empty());
  CHECK(check("hangup").empty());
  CHECK(check("hangup", "USER_BUSY").empty());
  CHECK(check("hangup", "17").empty());
  CHECK(check("respond", "486 Busy Here").empty());
  CHECK(check("log", "WARNING something").empty());
  CHECK(check("bridge", "user/$1").empty());
  CHECK(check("bridge", "user/1001@example.com, sip:bob@192.0.2.7").empty());
  CHECK(check("echo").empty());
}

TEST_CASE("arguments that cannot work are refused with what would") {
  CHECK(check("answer", "now") == "answer: it takes no argument");
  CHECK(check("sleep", "soon").find("milliseconds") != std::string::npos);
  CHECK(check("sleep", "-5").find("milliseconds") != std::string::npos);
  CHECK(check("sleep").find("milliseconds") != std::string::npos);
  CHECK(check("set", "call_timeout").find("NAME=VALUE") != std::string::npos);
  CHECK(check("set", "=30").find("NAME=VALUE") != std::string::npos);
  CHECK(check("hangup", "USER_BISY").find("no such cause") != std::string::npos);
  CHECK(check("hangup", "4711").find("no such cause") != std::string::npos);
  CHECK(check("respond", "200 OK").find("300 to 699") != std::string::npos);
  CHECK(check("respond", "busy").find("300 to 699") != std::string::npos);
  CHECK(check("log").find("needs a text") != std::string::npos);
  CHECK(check("bridge").find("user/1002") != std::string::npos);
  CHECK(check("bridge", "1002").find("neither user/NUMBER nor") != std::string::npos);
}
