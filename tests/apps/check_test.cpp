// What `switchroom check` says of a dialplan's actions, before any caller meets them.
#include "apps/application.hpp"

#include <catch2/catch.hpp>

#include <set>

using switchroom::apps::check_action;

namespace {

std::string check(const std::string& application, const std::string& argument = {}) {
  return check_action({application, argument, {}}, {});
}

}  // namespace

TEST_CASE("every application has a name of its own and a sentence of help") {
  std::set<std::string_view> names;
  for (const auto& one : switchroom::apps::table()) {
    CHECK(names.insert(one.name).second);
    CHECK(one.help.ends_with("."));
    CHECK(switchroom::apps::find(one.name)->name == one.name);
  }
  CHECK(names.size() == switchroom::apps::table().size());
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
  CHECK(check("set", "call_timeout=").empty());
  CHECK(check("set", "call_timeout=${time}").empty());
  CHECK(check("set", "leg_timeout_of_mine=abc").empty());
  CHECK(check("export", "nolocal:hangup_after_bridge=Yes").empty());
  CHECK(check("bridge", "{ignore_early_media=ring_ready,leg_delay_start=0}user/$1").empty());
  CHECK(check("hangup").empty());
  CHECK(check("hangup", "USER_BUSY").empty());
  CHECK(check("hangup", "17").empty());
  CHECK(check("respond", "486 Busy Here").empty());
  CHECK(check("log", "WARNING something").empty());
  CHECK(check("bridge", "user/$1").empty());
  CHECK(check("bridge",
              "{call_timeout=9}user/${who}@example.com, [leg_timeout=3]sip:bob@192.0.2.7|error/USER_BUSY")
            .empty());
  CHECK(check("bridge", "${team}").empty());
  CHECK(check("echo").empty());
  CHECK(check("playback", "tone_stream:%(200,100,440,480)").empty());
  CHECK(check("playback", "tone_stream://%(200,100,440);loops=3!silence:500").empty());
  CHECK(check("playback", "silence_stream://1000,1400").empty());
  CHECK(check("playback", "${greeting}").empty());
  CHECK(check("transfer", "1001").empty());
  CHECK(check("transfer", "1001 XML ${context}").empty());
  CHECK(check("sched_hangup", "+60 ALLOTTED_TIMEOUT").empty());
  CHECK(check("read", "4 4 none pin 5000").empty());
  CHECK(check("play_and_get_digits", "5 5 3 10000 # silence silence account \\d{5} 2000 1009 XML default")
            .empty());
}

TEST_CASE("arguments that cannot work are refused with what would") {
  CHECK(check("answer", "now") == "answer: it takes no argument");
  CHECK(check("sleep", "soon").find("milliseconds") != std::string::npos);
  CHECK(check("sleep", "-5").find("milliseconds") != std::string::npos);
  CHECK(check("sleep").find("milliseconds") != std::string::npos);
  CHECK(check("set", "call_timeout").find("NAME=VALUE") != std::string::npos);
  CHECK(check("set", "=30").find("NAME=VALUE") != std::string::npos);
  CHECK(check("set", "call_timeout=abc") ==
        "set: call_timeout cannot be \"abc\": it takes seconds, as a whole number");
  CHECK(check("export", "nolocal:leg_timeout=-3").find("leg_timeout cannot be") != std::string::npos);
  CHECK(check("set", "hangup_after_bridge=maybe").find("true or false") != std::string::npos);
  CHECK(check("hangup", "USER_BISY").find("no such cause") != std::string::npos);
  CHECK(check("hangup", "4711").find("no such cause") != std::string::npos);
  CHECK(check("respond", "200 OK").find("300 to 699") != std::string::npos);
  CHECK(check("respond", "busy").find("300 to 699") != std::string::npos);
  CHECK(check("playback", "/nowhere/greeting.wav") ==
        "playback: /nowhere/greeting.wav: there is no such file");
  CHECK(check("playback", "tone_stream:%(").find("playback: ") == 0);
  CHECK(check("playback", "silence:soon").find("milliseconds") != std::string::npos);
  CHECK(check("transfer").find("it takes a number") != std::string::npos);
  CHECK(check("transfer", "1001 XML nowhere") == "transfer: there is no context \"nowhere\"");
  CHECK(check("sched_hangup", "soon").find("seconds from now") != std::string::npos);
  CHECK(check("sched_hangup", "+60 BOREDOM") == "sched_hangup: there is no such cause: BOREDOM");
  CHECK(check("ivr", "main") == "ivr: there is no [menus.main]");
  CHECK(check("read", "4").find("it takes MIN MAX") != std::string::npos);
  CHECK(check("play_and_get_digits", "5 4 3 1000 # none none x \\d").find("the least before the most") !=
        std::string::npos);
  CHECK(check("play_and_get_digits", "1 4 3 1000 # none none x (").find("bad pattern") != std::string::npos);
  CHECK(check("playback").find("it takes a file") != std::string::npos);
  CHECK(check("log").find("needs a text") != std::string::npos);
  CHECK(check("bridge", "user/1009") == "bridge: there is no extension 1009");
  CHECK(check("bridge", "group/none").find("there is nobody in group none") != std::string::npos);
  CHECK(check("bridge", "trunk/none/911") == "bridge: there is no [trunks.none]");
  CHECK(check("bridge", "sofia/none/bob@192.0.2.7") == "bridge: there is no profile none");
  CHECK(check("bridge", "error/BOREDOM") == "bridge: there is no cause BOREDOM");
  CHECK(check("bridge", "{call_timeout}user/$1") == "bridge: \"call_timeout\" is no NAME=VALUE");
  CHECK(check("bridge", "[leg_timeout=abc]user/$1") ==
        "bridge: leg_timeout cannot be \"abc\": it takes seconds, as a whole number");
  CHECK(check("bridge", "{ignore_early_media=perhaps}user/$1").find("ring_ready") != std::string::npos);
  CHECK(check("bridge").find("user/1002") != std::string::npos);
  CHECK(check("bridge", "1002").find("neither user/NUMBER") != std::string::npos);
}
