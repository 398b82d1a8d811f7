// What a language's file gives to phrases.cpp: its table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sounds {

/// Prompts in the order in which they are heard.
class Words {
 public:
  Words& add(std::string_view prompt) {
    names_.emplace_back(prompt);
    return *this;
  }
  /// "digits/" and the number, as most recordings of numbers are called.
  Words& digit(std::uint64_t number) { return add("digits/" + std::to_string(number)); }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
};

enum class Gender : std::uint8_t {
  none,  // the number itself, before no noun
  masculine,
  feminine,
};

/// Something that is counted.
struct Noun {
  std::string_view one;
  std::string_view many;
  Gender gender = Gender::none;
};

struct Currency {
  std::string_view code;
  Noun whole;
  Noun part;  // a hundredth
};

/// Which number a phrase's row is for.
enum class Count : std::uint8_t { any, none, one, many };

/// A sentence, or one form of it: prompts with blanks between them, and {N} for its Nth argument, said as a
/// number; {N:digits}, {N:date} … in another way; {N:number:f} and :m agree with a noun.
struct Phrase {
  std::string_view name;
  Count count;  // of the first argument
  std::string_view text;
};

struct Language {
  std::string_view code;
  /// 0 to 999,999,999,999.
  void (*cardinal)(Words& words, std::uint64_t number, Gender gender);
  /// 1 to 999,999.
  void (*ordinal)(Words& words, std::uint64_t number);
  void (*year)(Words& words, std::uint64_t year);
  void (*day)(Words& words, std::uint64_t day);  // of a month
  /// `hour`: 0 to 23.
  void (*time12)(Words& words, unsigned hour, unsigned minute);
  void (*time24)(Words& words, unsigned hour, unsigned minute);
  bool twelve_hours;        // is usual
  std::string_view date;    // with {weekday}, {month}, {day}, {year}
  std::string_view at;      // between a date and a time
  std::string_view at_one;  // the same before one o'clock
  std::string_view minus;
  std::string_view point;
  std::string_view last;  // before the last of several: "and"
  Noun days;
  Noun hours;
  Noun minutes;
  Noun seconds;
  std::span<const Currency> currencies;  // the usual one first
  std::span<const Phrase> phrases;
};

const Language& english();
const Language& spanish();

}  // namespace switchroom::sounds
