#include "conference/request.hpp"

#include "conference/controls.hpp"
#include "conference/flags.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::conference;
using namespace std::chrono_literals;

TEST_CASE("the application's argument", "[conference]") {
  const auto full = parse_request("room_3001@secure+1234+flags{moderator|mute}");
  REQUIRE(full.has_value());
  CHECK(full->room == "room_3001");
  CHECK(full->profile == "secure");
  CHECK(full->pin == "1234");
  CHECK(full->flags == "moderator|mute");
  const auto bare = parse_request("3001");
  REQUIRE(bare.has_value());
  CHECK(bare->profile == "default");
  CHECK(bare->pin.empty());
  CHECK(parse_request("3001+flags{endconf}")->flags == "endconf");
  for (const char* wrong : {"", "@default", "a b", "3001@", "3001+", "3001+12a", "3001+12+34",
                            "3001+flags{mute", "3001+flags{loud}", "../etc"}) {
    INFO(wrong);
    CHECK_FALSE(parse_request(wrong).has_value());
  }
}

TEST_CASE("flags in every spelling", "[conference]") {
  MemberFlags flags;
  REQUIRE(add_flags(flags, "moderator|endconf, mute-detect").has_value());
  CHECK(text_of(flags) == "moderator|endconf|mute_detect");
  RoomFlags room;
  REQUIRE(add_flags(room, "wait-mod|audio-always|waste-bandwidth").has_value());
  CHECK(room.wait_mod);
  CHECK(room.audio_always);
  CHECK(room.waste_bandwidth);
  CHECK_FALSE(add_flags(room, "video").has_value());
}

TEST_CASE("keys that begin alike", "[conference]") {
  const auto control = [](const char* text) { return *parse_control(text); };
  KeyMatcher keys(
      {{"0", control("mute")}, {"*", control("deaf mute")}, {"*5", control("mute non_moderator")}});
  const base::Time now{};
  using Act = Control::Act;
  const auto acts = [](const std::vector<Control>& controls) {
    std::vector<Act> all;
    for (const auto& one : controls) {
      all.push_back(one.act);
    }
    return all;
  };
  CHECK(acts(keys.press('0', now)) == std::vector{Act::mute});
  CHECK(keys.press('9', now).empty());
  CHECK(keys.press('*', now).empty());
  CHECK(acts(keys.press('5', now + 500ms)) == std::vector{Act::mute_others});
  CHECK_FALSE(keys.deadline().has_value());
  CHECK(keys.press('*', now).empty());
  REQUIRE(keys.deadline().has_value());
  CHECK(keys.on_time(now + 999ms).empty());
  CHECK(acts(keys.on_time(now + 1000ms)) == std::vector{Act::deaf_mute});
  CHECK(keys.press('*', now).empty());
  CHECK(acts(keys.press('0', now + 100ms)) == std::vector{Act::deaf_mute, Act::mute});
  CHECK(keys.press('*', now).empty());
  CHECK(acts(keys.press('*', now + 100ms)) == std::vector{Act::deaf_mute});  // and the second one waits
  CHECK(acts(keys.on_time(now + 2s)) == std::vector{Act::deaf_mute});
}

TEST_CASE("what a key can do", "[conference]") {
  CHECK(parse_control("vol talk dn")->step == -1);
  CHECK(parse_control("vol listen up")->act == Control::Act::listen_volume);
  CHECK(parse_control("transfer 1009 XML default")->data == "1009 XML default");
  CHECK_FALSE(parse_control("transfer ").has_value());
  CHECK_FALSE(parse_control("explode").has_value());
  config::Snapshot config;
  CHECK(bindings_of(config, "default").size() == 12);
  CHECK(bindings_of(config, "none").empty());
  config.conference_controls["default"].entries.push_back({"0", "lock", {}});
  CHECK(bindings_of(config, "default").size() == 1);
}
