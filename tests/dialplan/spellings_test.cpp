// Arguments in our words and in those that people bring from FreeSWITCH.
#include "dialplan/spellings.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::dialplan;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("where a call goes") {
  const auto is = [](std::string_view text, const std::string& number, const std::string& context) {
    const auto to = parse_destination(text);
    return to.number == number && to.context == context;
  };
  CHECK(is("1001", "1001", ""));
  CHECK(is("1001 default", "1001", "default"));
  CHECK(is("1001 XML default", "1001", "default"));
  CHECK(is(" 1001  xml  default ", "1001", "default"));
  CHECK(is("1001 XML", "1001", ""));
  CHECK(is("-bleg 1001 XML default", "1001", "default"));
  CHECK(is("", "", ""));
}

TEST_CASE("yes and no, seconds") {
  for (const auto* yes : {"true", "TRUE", "yes", "on", "1", "enabled", " t "}) CHECK(is_true(yes));
  for (const auto* no : {"", "false", "no", "0", "off", "truer"}) CHECK_FALSE(is_true(no));
  CHECK(seconds_in("30") == 30s);
  CHECK(seconds_in(" 0 ") == 0s);
  for (const auto* bad : {"", "-1", "3s", "1.5", "99999999999"}) CHECK_FALSE(seconds_in(bad));
}

TEST_CASE("lists of causes") {
  CHECK(names_cause("true", "USER_BUSY", 17));
  CHECK(names_cause("USER_BUSY,NO_ANSWER", "NO_ANSWER", 19));
  CHECK(names_cause("user_busy, no_answer", "NO_ANSWER", 19));
  CHECK(names_cause("17,18", "USER_BUSY", 17));
  CHECK(names_cause("1", "UNALLOCATED_NUMBER", 1));
  CHECK_FALSE(names_cause("1", "USER_BUSY", 17));
  CHECK_FALSE(names_cause("", "USER_BUSY", 17));
  CHECK_FALSE(names_cause("false", "USER_BUSY", 17));
  CHECK_FALSE(names_cause("USER_BUSY_X", "USER_BUSY", 17));
}

TEST_CASE("levels of the log") {
  CHECK(parse_log_level("WARNING") == log::Level::warning);
  CHECK(parse_log_level("warn") == log::Level::warning);
  CHECK(parse_log_level("INFO") == log::Level::info);
  CHECK(parse_log_level("NOTICE") == log::Level::info);
  CHECK(parse_log_level("CONSOLE") == log::Level::info);
  CHECK(parse_log_level("DEBUG") == log::Level::debug);
  for (const auto* one : {"ERR", "CRIT", "ALERT", "EMERG", "error", "3"})
    CHECK(parse_log_level(one) == log::Level::error);
  CHECK_FALSE(parse_log_level("The"));
}

TEST_CASE("mailboxes") {
  using What = MailboxRequest::What;
  const auto of = [](std::string_view text) {
    auto parsed = parse_mailbox(text);
    INFO(text);
    REQUIRE(parsed);
    return *parsed;
  };
  CHECK(of("1001").mailboxes == Words{"1001"});
  CHECK(of("default pbx.example.com 1001").mailboxes == Words{"1001"});
  CHECK(of("default pbx.example.com 1001").domain == "pbx.example.com");
  CHECK(of("default pbx.example.com 1001").what == What::leave);
  CHECK(of("1001@example.com,1002").mailboxes == Words{"1001", "1002"});
  CHECK(of("check default pbx.example.com").what == What::listen);
  CHECK(of("check default pbx.example.com").mailboxes.empty());
  CHECK(of("check default pbx.example.com 1001").mailboxes == Words{"1001"});
  CHECK(of("check").what == What::listen);
  CHECK(of("check 1001").mailboxes == Words{"1001"});
  CHECK(of("auth_only default pbx.example.com 1001").what == What::sign_in);
  CHECK_FALSE(parse_mailbox(""));
  CHECK_FALSE(parse_mailbox("default pbx.example.com"));
  CHECK_FALSE(parse_mailbox("default pbx.example.com 1001 1002"));
}

TEST_CASE("conference rooms") {
  const auto room = parse_room("3000@sales+4711+flags{mute|deaf}");
  REQUIRE(room);
  CHECK(room->room == "3000");
  CHECK(room->profile == "sales");
  CHECK(room->pin == "4711");
  CHECK(room->flags == Words{"mute", "deaf"});
  CHECK(parse_room("3000")->profile.empty());
  CHECK(parse_room("3000@default+flags{moderator}")->flags == Words{"moderator"});
  CHECK(parse_room("3000@default+flags{moderator}")->pin.empty());
  CHECK_FALSE(parse_room(""));
  CHECK_FALSE(parse_room("@default"));
  CHECK_FALSE(parse_room("3000+flags{mute"));
}

TEST_CASE("queues") {
  const auto in = parse_queue("park@pbx.example.com in");
  REQUIRE(in);
  CHECK(in->queue == "park");
  CHECK(in->domain == "pbx.example.com");
  CHECK(in->what == QueueRequest::What::in);
  const auto out = parse_queue("park out nowait found.wav local_stream://moh");
  REQUIRE(out);
  CHECK_FALSE(out->waits);
  CHECK(out->announcement == "found.wav");
  CHECK(out->music == "local_stream://moh");
  CHECK(parse_queue("park out wait")->waits);
  CHECK(parse_queue("park in undef music.wav")->music == "music.wav");
  CHECK_FALSE(parse_queue("park"));
  CHECK_FALSE(parse_queue("park up"));
  CHECK_FALSE(parse_queue("park out soon"));
}

TEST_CASE("speech and sounds") {
  const auto speech = parse_speech("flite|kal|Welcome. Press 1 | or 2.");
  CHECK(speech.engine == "flite");
  CHECK(speech.voice == "kal");
  CHECK(speech.text == "Welcome. Press 1 | or 2.");
  CHECK(parse_speech("Welcome").text == "Welcome");
  CHECK(sound_name("tone_stream://%(200,0,440);loops=2") == "tone_stream:%(200,0,440);loops=2");
  CHECK(sound_name("%(2000,4000,440,480)") == "tone_stream:%(2000,4000,440,480)");
  CHECK(sound_name("silence_stream://1000,1400") == "silence:1000");
  CHECK(sound_name("local_stream://moh") == "local_stream:moh");
  CHECK(sound_name("ivr/ivr-welcome.wav") == "ivr/ivr-welcome.wav");
  CHECK(sound_name("silence_stream://-1") == "silence:-1");
}
