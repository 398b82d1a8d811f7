// Passwords: which are refused, where they come from, and that none is ever shown.
#include "loading.hpp"
#include "scratch.hpp"

#include <cstdlib>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("weak passwords are refused") {
  const auto* const weak = GENERATE(
      "", "1234", "1001", "ClueCon", "password", "Password123!", "passw0rd", "P@ssw0rd", "admin2024",
      "secret", "short7!", "aaaaaaaa", "abababab", "10011001", "12345678", "87654321", "qwertyui", "QWERTZUI",
      "asdfghjk", "1234qwer", "abcdefgh", "1001pass", "ext-1001", "pass1001", "switchroom", "Switchroom1",
      "freeswitch!", "Str0ng_P@ss_1001!", "Str0ng_P@ss!", "YOUR_SECURE_ESL_PASSWORD",
      "PUT_A_STRONG_PASSWORD_HERE", "SHARED_TRUNK_PASSWORD", "…", "...", "changeme1");
  INFO(weak);
  CHECK_FALSE(password_weakness(weak, "1001").empty());
}

TEST_CASE("the number and its reverse are weak for their own extension") {
  CHECK_THAT(password_weakness("20260042", "20260042"), Contains("own number"));
  CHECK_THAT(password_weakness("24006202", "20260042"), Contains("backwards"));
  CHECK_THAT(password_weakness("Str0ng_P@ss_1007!", "1007"), Contains("well-known"));
}

TEST_CASE("good passwords are accepted") {
  const auto* const good = GENERATE("kV7-tree-lamp", "h3Xq9TzRmWbK2pYd", "secret-1001-pw",
                                    "correct horse staple", "tulip-42-harbour", "9f8e2b1c");
  INFO(good);
  CHECK(password_weakness(good, "1001").empty());
}

TEST_CASE("a weak password is refused with the line that sets it") {
  const Loaded loaded = load_text(
      "[profiles.p]\nlisten = ['udp:127.0.0.1:5060']\n[[contexts.default]]\ndo = ['answer']\n"
      "[extensions.1001]\nname = 'A'\npassword = '1234'\n[extensions.1002]\npassword = "
      "'2001'\n[extensions.1003]\npassword = '…'\n",
      "t.toml", {});
  const std::vector<std::string> said = texts(loaded);
  REQUIRE(said.size() == 3);
  CHECK_THAT(said[0], StartsWith("t.toml:7:12: extensions.1001.password: the password is a row") ||
                          StartsWith("t.toml:7:12: extensions.1001.password: the password is shorter"));
  CHECK(said[1] ==
        "t.toml:9:12: extensions.1002.password: the password is the extension's own number backwards");
  CHECK_THAT(said[2], Contains("placeholder"));
}

TEST_CASE("an extension needs one password, from one place") {
  CHECK_THAT(only(load_with("[extensions.1002]\nname = 'B'\n")),
             Contains("extensions.1002: has no password"));
  CHECK_THAT(only(load_with("[extensions.1002]\npassword = ''\n")), Contains("is empty"));
  CHECK_THAT(only(load_with("[extensions.1002]\naccountcode = 'x'\npassword = 'kV7-tree-lamp'\nvariables = { "
                            "accountcode = 'y' }\n")),
             Contains("variables.accountcode: is set by accountcode already"));
}

TEST_CASE("a password from the environment") {
  REQUIRE(::setenv("SWITCHROOM_TEST_PASSWORD", "tulip-42-harbour", 1) == 0);
  REQUIRE(::setenv("SWITCHROOM_TEST_WEAK", "letmein", 1) == 0);
  const auto with = [](const std::string& name) {
    return load_with("[extensions.1002]\npassword = 'env:" + name + "'\n");
  };
  CHECK(right(with("SWITCHROOM_TEST_PASSWORD"))->extensions.at("1002").password == "tulip-42-harbour");
  CHECK_THAT(only(with("SWITCHROOM_TEST_WEAK")), Contains("well-known") && !Contains("letmein"));
  CHECK_THAT(only(with("SWITCHROOM_TEST_UNSET")),
             Contains("environment variable \"SWITCHROOM_TEST_UNSET\" is not set"));
  CHECK_THAT(only(with("")), Contains("is not set"));
}

TEST_CASE("a password from a file") {
  const Scratch scratch;
  const auto with = [&](const std::string& file) {
    scratch.write("pbx.toml", std::string(sound) + "[extensions.1002]\npassword_file = '" + file + "'\n");
    return load(scratch / "pbx.toml", {});
  };
  scratch.write("good", "tulip-42-harbour\nsecond line\n");
  scratch.write("weak", "letmein\n");
  scratch.write("empty", "\n");
  scratch.write("binary", std::string("abc\x01"
                                      "defghijk\n"));
  CHECK(right(with("good"))->extensions.at("1002").password == "tulip-42-harbour");
  CHECK_THAT(only(with("weak")),
             Contains("password_file: the password is a well-known") && !Contains("letmein"));
  CHECK_THAT(only(with("empty")), Contains("first line"));
  CHECK_THAT(only(with("binary")), Contains("control characters"));
  CHECK_THAT(only(with("missing")), Contains("does not exist"));
  CHECK_THAT(only(with(".")), Contains("is a folder"));
  scratch.write("pbx.toml", std::string(sound) +
                                "[extensions.1002]\npassword_file = 'good'\npassword = 'kV7-tree-lamp'\n");
  CHECK_THAT(only(load(scratch / "pbx.toml", {})), Contains("both set"));
}

TEST_CASE("no problem ever shows a password") {
  const auto* const line = GENERATE(
      "password = hunter2secret", "password = \"hunter2secret", "password = 'hunter2secret' x",
      "password = [\"hunter2secret\"]", "password = { a = \"hunter2secret\" }",
      "password = \"hunter2secret\\q\"", "pasword = \"hunter2secret\"", "password = \"hunter2secret\x01\"",
      "password = \"hunter2secret\"\npassword = \"hunter2secret\"", "password = 'hunter2secrethunter2secret'",
      "password_file = [\"hunter2secret\"]", "password: hunter2secret", "password = \"\"\"hunter2secret",
      "hold_music = 1\npassword = 99999999999999999999999999999", "password = 0xhunter2secret",
      "password = 2026-13-13hunter2secret", "secret = hunter2secret");
  INFO(line);
  const Loaded loaded = load_with("[extensions.1002]\n" + std::string(line) + "\n");
  REQUIRE_FALSE(loaded.snapshot);
  CHECK_THAT(all(loaded), !Contains("hunter2") && !Contains("99999"));
}
