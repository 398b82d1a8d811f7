// PINs: which are refused, and how they are kept.
#include "voicemail/pin.hpp"

#include "config/voicemail_settings.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;

TEST_CASE("a PIN is kept as a salted hash") {
  const std::string hash = voicemail::hash_pin("4711");
  CHECK(hash.starts_with("scrypt$"));
  CHECK(hash.find("4711") == std::string::npos);
  CHECK(hash != voicemail::hash_pin("4711"));
  CHECK(voicemail::is_pin("4711", hash));
  CHECK_FALSE(voicemail::is_pin("4712", hash));
  CHECK_FALSE(voicemail::is_pin("", hash));
  CHECK_FALSE(voicemail::is_pin("4711", ""));
  CHECK_FALSE(voicemail::is_pin("4711", "4711"));
  CHECK_FALSE(voicemail::is_pin("4711", "scrypt$14$8$1$salt"));
}

TEST_CASE("weak PINs are refused with the reason") {
  CHECK(config::pin_weakness("4711", "1001", 4).empty());
  CHECK(config::pin_weakness("1001", "1001", 4) == "is the mailbox's own number");
  CHECK(config::pin_weakness("2001", "1002", 4) == "is the mailbox's own number");
  CHECK(config::pin_weakness("1234", "1001", 4) == "is a row of digits");
  CHECK(config::pin_weakness("9876", "1001", 4) == "is a row of digits");
  CHECK(config::pin_weakness("0000", "1001", 4) == "is one digit again and again");
  CHECK(config::pin_weakness("471", "1001", 4) == "is shorter than 4 digits");
  CHECK(config::pin_weakness("47a1", "1001", 4) == "is not made of digits");
}
