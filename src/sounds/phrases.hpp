// Values said with the grammar of a language: which prompts, in which order.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sounds {

/// How a value is said.
enum class Kind : std::uint8_t {
  number,
  ordinal,
  digits,
  date,
  time,
  datetime,
  duration,
  money,
  spell,
  phonetic,
  phrase
};

/// "number" to Kind::number …; nullopt for another word.
std::optional<Kind> kind_of(std::string_view name);

/// The prompts that say `value`, one after another ("digits/20", "digits/1"), in the words of `language`
/// ("en", "es"; another: English). The error is a sentence.
///
///   number    a whole or decimal number: "42", "-7", "3.14"
///   ordinal   "21": twenty-first
///   digits    one by one: "1234", with * # + and .; blanks and dashes are not said
///   date      seconds since 1970 (in the process's zone), or "2026-12-25"
///   time      seconds since 1970, or "14:30"; ",12" or ",24" behind it: with a.m. and p.m., or the hours of
///             the day, instead of what is usual in the language
///   datetime  seconds since 1970, or "2026-12-25 14:30"
///   duration  seconds
///   money     "12.50", "12.50,EUR" (USD, EUR, GBP; otherwise the language's)
///   spell     letters, digits and signs of ASCII; others are left out
///   phonetic  the same, letters as alpha, bravo, charlie
///   phrase    "NAME,ARGUMENT,…": a sentence of the language's table
base::result<std::vector<std::string>> say(Kind kind, std::string_view value, std::string_view language);

/// The languages that have a grammar.
std::span<const std::string_view> languages();
/// "es-MX" and "es_mx" to "es"; a language without a grammar to "en".
std::string_view nearest_language(std::string_view wanted);
/// The names of the phrases of a language, each once.
std::vector<std::string_view> phrase_names(std::string_view language);

}  // namespace switchroom::sounds
