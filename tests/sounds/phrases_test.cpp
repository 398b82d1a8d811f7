// What is said, word for word.
#include "sounds/phrases.hpp"

#include "sounds/prompts.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <stdlib.h>
#include <string>
#include <time.h>

namespace switchroom::sounds {
namespace {

/// "20 5" for {"digits/20", "digits/5"}; prompts elsewhere keep their folder.
std::string heard(Kind kind, std::string_view value, std::string_view language = "en") {
  const auto said = say(kind, value, language);
  if (!said) {
    return "error: " + said.error().what;
  }
  std::string text;
  for (std::string name : *said) {
    if (name.starts_with("digits/")) {
      name.erase(0, 7);
    }
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

std::string number(std::string_view value, std::string_view language = "en") {
  return heard(Kind::number, value, language);
}

/// Seconds since 1970 are said in this zone.
void use_zone(const char* zone) {
  ::setenv("TZ", zone, 1);
  ::tzset();
}

TEST_CASE("English numbers") {
  CHECK(number("0") == "0");
  CHECK(number("1") == "1");
  CHECK(number("20") == "20");
  CHECK(number("21") == "20 1");
  CHECK(number("100") == "1 hundred");
  CHECK(number("101") == "1 hundred 1");
  CHECK(number("999") == "9 hundred 90 9");
  CHECK(number("1000") == "1 thousand");
  CHECK(number("1001") == "1 thousand 1");
  CHECK(number("12345") == "12 thousand 3 hundred 40 5");
  CHECK(number("1000000") == "1 million");
  CHECK(number("1234567890") == "1 billion 2 hundred 30 4 million 5 hundred 60 7 thousand 8 hundred 90");
  CHECK(number("999999999999").starts_with("9 hundred 90 9 billion"));
  CHECK(number("-7") == "minus 7");
  CHECK(number("3.14") == "3 dot 1 4");
  CHECK(number("-0.5") == "minus 0 dot 5");
  for (const char* const wrong :
       {"", "-", "x", "1.", ".5", "1e3", "1000000000000", "99999999999999999999", " 1"}) {
    CHECK(number(wrong).starts_with("error: "));
  }
}

TEST_CASE("Spanish numbers agree with what they count") {
  CHECK(number("1", "es") == "1");
  CHECK(number("21", "es") == "21");
  CHECK(number("29", "es") == "29");
  CHECK(number("30", "es") == "30");
  CHECK(number("31", "es") == "30 and 1");
  CHECK(number("100", "es") == "hundred");
  CHECK(number("101", "es") == "100-and 1");
  CHECK(number("199", "es") == "100-and 90 and 9");
  CHECK(number("500", "es") == "500");
  CHECK(number("1000", "es") == "thousand");
  CHECK(number("1001", "es") == "thousand 1");
  CHECK(number("21000", "es") == "21M thousand");
  CHECK(number("31000", "es") == "30 and 1M thousand");
  CHECK(number("1000000", "es") == "1M million");
  CHECK(number("2000000", "es") == "2 millions");
  CHECK(number("21000000", "es") == "21M millions");
  CHECK(number("1000000000", "es") == "thousand millions");
  CHECK(number("2026", "es") == "2 thousand 26");
  CHECK(heard(Kind::duration, "3600", "es") == "1F hour");
  CHECK(heard(Kind::duration, "75660", "es") == "21F hours vm-and 1M minute");
  CHECK(heard(Kind::money, "200,GBP", "es") == "200F pounds-sterling");
  CHECK(heard(Kind::money, "1,GBP", "es") == "1F pound-sterling");
  CHECK(heard(Kind::money, "21.01", "es") == "21M dollars vm-and 1M cent");
}

TEST_CASE("ordinals") {
  CHECK(heard(Kind::ordinal, "1") == "h-1");
  CHECK(heard(Kind::ordinal, "12") == "h-12");
  CHECK(heard(Kind::ordinal, "20") == "h-20");
  CHECK(heard(Kind::ordinal, "21") == "20 h-1");
  CHECK(heard(Kind::ordinal, "30") == "h-30");
  CHECK(heard(Kind::ordinal, "100") == "1 h-hundred");
  CHECK(heard(Kind::ordinal, "101") == "1 hundred h-1");
  CHECK(heard(Kind::ordinal, "1000") == "1 h-thousand");
  CHECK(heard(Kind::ordinal, "21", "es") == "h-20 h-1");
  CHECK(heard(Kind::ordinal, "0").starts_with("error: "));
}

TEST_CASE("dates and times") {
  CHECK(heard(Kind::date, "2026-12-25") == "day-5 mon-11 20 h-5 20 20 6");
  CHECK(heard(Kind::date, "2026-12-25", "es") == "day-5 25 es-de mon-11 es-de 2 thousand 26");
  CHECK(heard(Kind::date, "2026-03-01", "es") == "day-0 h-1 es-de mon-2 es-de 2 thousand 26");
  CHECK(heard(Kind::date, "2009-01-01") == "day-4 mon-0 h-1 2 thousand 9");
  CHECK(heard(Kind::date, "1905-06-30") == "day-5 mon-5 h-30 19 oh 5");
  CHECK(heard(Kind::date, "1900-02-28") == "day-3 mon-1 20 h-8 19 hundred");
  CHECK(heard(Kind::time, "00:00") == "12 oclock a-m");
  CHECK(heard(Kind::time, "09:05") == "9 oh 5 a-m");
  CHECK(heard(Kind::time, "12:30") == "12 30 p-m");
  CHECK(heard(Kind::time, "23:59") == "11 50 9 p-m");
  CHECK(heard(Kind::time, "14:30,24") == "14 30");
  CHECK(heard(Kind::time, "09:05,24") == "oh 9 oh 5");
  CHECK(heard(Kind::time, "14:00,24") == "14 hundred hours");
  CHECK(heard(Kind::time, "13:05", "es") == "1F and 5 p-m");
  CHECK(heard(Kind::time, "21:21,24", "es") == "21F hours 21M minutes");
  CHECK(heard(Kind::datetime, "2026-12-25 13:00", "es") ==
        "day-5 25 es-de mon-11 es-de 2 thousand 26 at_1 1F oclock p-m");
  CHECK(heard(Kind::datetime, "2026-12-25T14:30:59") == "day-5 mon-11 20 h-5 20 20 6 at 2 30 p-m");
  for (const char* const wrong :
       {"2026-02-29", "2026-13-01", "2026-12-32", "26-12-25", "", "2026-12-25 24:00", "x"}) {
    CHECK(heard(Kind::date, wrong).starts_with("error: "));
  }
  CHECK(heard(Kind::time, "2026-12-25").starts_with("error: "));
  CHECK(heard(Kind::time, "14:30,13").starts_with("error: "));
}

TEST_CASE("seconds since 1970 are said in the zone of the process") {
  use_zone("UTC0");
  CHECK(heard(Kind::datetime, "1782345600") == "day-4 mon-5 20 h-5 20 20 6 at 12 oclock a-m");
  use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(heard(Kind::time, "1782345600") == "2 oclock a-m");
  CHECK(heard(Kind::time, "1767225600") == "1 oclock a-m");
  use_zone("UTC0");
  CHECK(heard(Kind::date, "-1").starts_with("error: "));
  CHECK(heard(Kind::date, "99999999999999").starts_with("error: "));
}

TEST_CASE("durations and money") {
  CHECK(heard(Kind::duration, "0") == "0 seconds");
  CHECK(heard(Kind::duration, "1") == "1 second");
  CHECK(heard(Kind::duration, "61") == "1 minute vm-and 1 second");
  CHECK(heard(Kind::duration, "7325") == "2 hours 2 minutes vm-and 5 seconds");
  CHECK(heard(Kind::duration, "90000") == "1 day vm-and 1 hour");
  CHECK(heard(Kind::money, "12.50") == "12 dollars vm-and 50 cents");
  CHECK(heard(Kind::money, "1.01") == "1 dollar vm-and 1 cent");
  CHECK(heard(Kind::money, "0") == "0 dollars");
  CHECK(heard(Kind::money, "0.5,EUR") == "50 cents");
  CHECK(heard(Kind::money, "-3,EUR") == "minus 3 euros");
  CHECK(heard(Kind::money, "1.999").starts_with("error: "));
  CHECK(heard(Kind::money, "1,XYZ").starts_with("error: "));
}

TEST_CASE("digits and spelling") {
  CHECK(heard(Kind::digits, "1234") == "1 2 3 4");
  CHECK(heard(Kind::digits, "+49 30-1*#") == "letters/plus 4 9 3 0 1 star pound");
  CHECK(heard(Kind::digits, "12a").starts_with("error: "));
  CHECK(heard(Kind::spell, "Ab1.") == "letters/a letters/b 1 letters/dot");
  CHECK(heard(Kind::phonetic, "xY") == "phonetic/x_p phonetic/y_p");
  CHECK(heard(Kind::spell,
              "\xc3\xa9"
              "a") == "letters/a");
}

TEST_CASE("phrases are singular or plural") {
  CHECK(heard(Kind::phrase, "new_messages,0") == "vm-youhave vm-no vm-INBOX vm-messages");
  CHECK(heard(Kind::phrase, "new_messages,1") == "vm-youhave 1 vm-INBOX vm-message");
  CHECK(heard(Kind::phrase, "new_messages,21") == "vm-youhave 20 1 vm-INBOX vm-messages");
  CHECK(heard(Kind::phrase, "new_messages,0", "es") == "vm-youhaveno vm-messages vm-INBOX");
  CHECK(heard(Kind::phrase, "new_messages,1", "es") == "vm-youhave 1M vm-message vm-INBOXs");
  CHECK(heard(Kind::phrase, "new_messages,21", "es") == "vm-youhave 21M vm-messages vm-INBOX");
  CHECK(heard(Kind::phrase, "extension_busy,1001") == "vm-theperson 1 0 0 1 vm-isonphone");
  CHECK(heard(Kind::phrase, "new_messages").starts_with("error: "));
  CHECK(heard(Kind::phrase, "message_lasts").starts_with("error: "));
  CHECK(heard(Kind::phrase, "nothing").starts_with("error: "));
}

TEST_CASE("both languages have the same phrases, and a prompt for every word") {
  std::mt19937 random(4);
  for (const std::string_view language : languages()) {
    const auto names = phrase_names(language);
    const auto english = phrase_names("en");
    CHECK(std::set<std::string_view>(names.begin(), names.end()) ==
          std::set<std::string_view>(english.begin(), english.end()));
    std::set<std::string> words;
    const auto add = [&](Kind kind, const std::string& value) {
      const auto said = say(kind, value, language);
      INFO(value);
      REQUIRE(said);
      words.insert(said->begin(), said->end());
    };
    for (unsigned i = 0; i <= 2000; ++i) {
      add(Kind::number, std::to_string(i));
      add(Kind::ordinal, std::to_string(i + 1));
      add(Kind::duration, std::to_string(i * 97));
      for (const char* const currency : {"USD", "EUR", "GBP"}) {
        add(Kind::money, std::to_string(i) + "." + std::to_string(i % 90 + 10) + "," + currency);
      }
    }
    for (unsigned i = 0; i < 20000; ++i) {
      add(Kind::number,
          std::to_string(std::uniform_int_distribution<std::uint64_t>(0, 999'999'999'999)(random)));
      add(Kind::datetime,
          std::to_string(std::uniform_int_distribution<std::int64_t>(0, 4'000'000'000)(random)));
    }
    for (unsigned minute = 0; minute < 24 * 60; ++minute) {
      const std::string seconds = std::to_string(minute * 60);
      add(Kind::time, seconds + ",12");
      add(Kind::time, seconds + ",24");
    }
    for (char sign = ' '; sign < 127; ++sign) {
      add(Kind::spell, std::string(1, sign));
      add(Kind::phonetic, std::string(1, sign));
    }
    for (const std::string_view name : names) {
      for (const char* const count : {"0", "1", "2"}) {
        add(Kind::phrase, std::string(name) + "," + count);
      }
    }
    for (const std::string& word : words) {
      INFO(language << " " << word);
      CHECK(find_own_prompt(word, language));
    }
  }
}

TEST_CASE("no two numbers are said alike") {
  // What is said leads back to one number only.
  std::set<std::string> said;
  for (unsigned i = 0; i < 20000; ++i) {
    CHECK(said.insert(number(std::to_string(i), "es")).second);
    CHECK(said.insert("en " + number(std::to_string(i))).second);
  }
}

TEST_CASE("languages") {
  CHECK(nearest_language("es-MX") == "es");
  CHECK(nearest_language("ES_mx") == "es");
  CHECK(nearest_language("en") == "en");
  CHECK(nearest_language("de") == "en");
  CHECK(nearest_language("") == "en");
}

}  // namespace
}  // namespace switchroom::sounds
