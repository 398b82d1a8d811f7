#include "sounds/phrases.hpp"

#include "sounds/language.hpp"
#include "sounds/moment.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace switchroom::sounds {
namespace {

using Said = base::result<std::vector<std::string>>;

constexpr std::uint64_t largest = 999'999'999'999;
constexpr std::array codes{std::string_view("en"), std::string_view("es")};
constexpr std::array kinds{std::pair{std::string_view("number"), Kind::number},
                           std::pair{std::string_view("ordinal"), Kind::ordinal},
                           std::pair{std::string_view("digits"), Kind::digits},
                           std::pair{std::string_view("date"), Kind::date},
                           std::pair{std::string_view("time"), Kind::time},
                           std::pair{std::string_view("datetime"), Kind::datetime},
                           std::pair{std::string_view("duration"), Kind::duration},
                           std::pair{std::string_view("money"), Kind::money},
                           std::pair{std::string_view("spell"), Kind::spell},
                           std::pair{std::string_view("phonetic"), Kind::phonetic},
                           std::pair{std::string_view("phrase"), Kind::phrase}};

const Language& language_of(std::string_view code) {
  return nearest_language(code) == "es" ? spanish() : english();
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = ec == std::errc{} && end == text.data() + text.size() && value <= largest;
  return good ? std::optional(value) : std::nullopt;
}

bool take(std::string_view& text, char first) {
  const bool there = text.starts_with(first);
  text.remove_prefix(there ? 1 : 0);
  return there;
}

/// Up to `end`, which is taken away too.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto piece = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return piece;
}

struct Sign {
  char sign;
  std::string_view prompt;
};
constexpr std::array signs{
    Sign{'*', "digits/star"},      Sign{'#', "digits/pound"},     Sign{'+', "letters/plus"},
    Sign{'.', "letters/dot"},      Sign{'@', "letters/at"},       Sign{'-', "letters/dash"},
    Sign{'$', "letters/dollar"},   Sign{'=', "letters/equals"},   Sign{'!', "letters/exclaimation-point"},
    Sign{'/', "letters/slash"},    Sign{' ', "letters/space"},    Sign{'"', "letters/ascii34"},
    Sign{'%', "letters/ascii37"},  Sign{'&', "letters/ascii38"},  Sign{'\'', "letters/ascii39"},
    Sign{'(', "letters/ascii40"},  Sign{')', "letters/ascii41"},  Sign{',', "letters/ascii44"},
    Sign{':', "letters/ascii58"},  Sign{';', "letters/ascii59"},  Sign{'<', "letters/ascii60"},
    Sign{'>', "letters/ascii62"},  Sign{'?', "letters/ascii63"},  Sign{'[', "letters/ascii91"},
    Sign{'\\', "letters/ascii92"}, Sign{']', "letters/ascii93"},  Sign{'^', "letters/ascii94"},
    Sign{'_', "letters/ascii95"},  Sign{'`', "letters/ascii96"},  Sign{'{', "letters/ascii123"},
    Sign{'|', "letters/ascii124"}, Sign{'}', "letters/ascii125"}, Sign{'~', "letters/ascii126"}};

bool add_sign(Words& words, char sign) {
  const auto* const known = std::ranges::find(signs, sign, &Sign::sign);
  if (known != signs.end()) {
    words.add(known->prompt);
  }
  return known != signs.end();
}

/// Says one value into `words`; what is wrong, or empty.
class Sayer {
 public:
  explicit Sayer(const Language& language) : language_(language) {}

  std::string say(Kind kind, std::string_view value) {
    switch (kind) {
      case Kind::number: return number(value, Gender::none);
      case Kind::ordinal: return ordinal(value);
      case Kind::digits: return digits(value);
      case Kind::date: return date(value);
      case Kind::time: return time(value);
      case Kind::datetime: return datetime(value);
      case Kind::duration: return duration(value);
      case Kind::money: return money(value);
      case Kind::spell: return spell(value, "letters/", "");
      case Kind::phonetic: return spell(value, "phonetic/", "_p");
      case Kind::phrase: return phrase(value);
    }
    return {};
  }
  std::vector<std::string> take() { return words_.take(); }

 private:
  std::string number(std::string_view text, Gender gender) {
    std::string_view rest = text;
    const bool negative = sounds::take(rest, '-');
    const bool decimal = rest.find('.') != std::string_view::npos;
    const auto before = whole(take_until(rest, '.'));
    const bool fraction = !rest.empty() && rest.size() <= 12 && whole(rest);
    if (!before || (decimal && !fraction)) {
      return fmt::format("\"{}\" is not a number up to {}", text, largest);
    }
    if (negative) {
      words_.add(language_.minus);
    }
    language_.cardinal(words_, *before, decimal ? Gender::none : gender);
    if (decimal) {
      words_.add(language_.point);
      for (const char digit : rest) {
        words_.digit(static_cast<std::uint64_t>(digit - '0'));
      }
    }
    return {};
  }

  std::string ordinal(std::string_view text) {
    const auto value = whole(text);
    if (!value || *value == 0 || *value > 999'999) {
      return fmt::format("\"{}\" is not a number from 1 to 999999", text);
    }
    language_.ordinal(words_, *value);
    return {};
  }

  std::string digits(std::string_view text) {
    for (const char sign : text) {
      if (sign >= '0' && sign <= '9') {
        words_.digit(static_cast<std::uint64_t>(sign - '0'));
      } else if (sign == '*' || sign == '#' || sign == '+' || sign == '.') {
        (void)add_sign(words_, sign);
      } else if (sign != ' ' && sign != '-') {
        return fmt::format("\"{}\" holds more than digits, *, #, + and .", text);
      }
    }
    return text.empty() ? "there are no digits to say" : "";
  }

  void add_date(const Moment& moment) {
    std::string_view rest = language_.date;
    while (!rest.empty()) {
      const auto word = take_until(rest, ' ');
      if (word == "{weekday}") {
        words_.add(fmt::format("digits/day-{}", moment.weekday));
      } else if (word == "{month}") {
        words_.add(fmt::format("digits/mon-{}", moment.month - 1));
      } else if (word == "{day}") {
        language_.day(words_, moment.day);
      } else if (word == "{year}") {
        language_.year(words_, moment.year);
      } else {
        words_.add(word);
      }
    }
  }

  std::string date(std::string_view text) {
    const auto moment = read_moment(text);
    if (!moment || !moment->has_date) {
      return fmt::format("\"{}\" is neither seconds since 1970 nor a date such as 2026-12-25", text);
    }
    add_date(*moment);
    return {};
  }

  std::string time(std::string_view text) {
    std::string_view clock = text;
    const auto moment = read_moment(take_until(clock, ','));
    if (!moment || !moment->has_time || (!clock.empty() && clock != "12" && clock != "24")) {
      return fmt::format(
          "\"{}\" is neither seconds since 1970 nor a time such as 14:30, with ,12 or ,24 behind it", text);
    }
    add_time(*moment, clock.empty() ? language_.twelve_hours : clock == "12");
    return {};
  }

  void add_time(const Moment& moment, bool twelve) {
    (twelve ? language_.time12 : language_.time24)(words_, moment.hour, moment.minute);
  }

  std::string datetime(std::string_view text) {
    const auto moment = read_moment(text);
    if (!moment || !moment->has_date || !moment->has_time) {
      return fmt::format("\"{}\" is neither seconds since 1970 nor as in 2026-12-25 14:30", text);
    }
    add_date(*moment);
    const unsigned hour = language_.twelve_hours ? moment->hour % 12 : moment->hour;
    words_.add(hour == 1 ? language_.at_one : language_.at);
    add_time(*moment, language_.twelve_hours);
    return {};
  }

  void count(std::uint64_t number, const Noun& noun) {
    language_.cardinal(words_, number, noun.gender);
    words_.add(number == 1 ? noun.one : noun.many);
  }

  std::string duration(std::string_view text) {
    const auto seconds = whole(text);
    if (!seconds) {
      return fmt::format("\"{}\" is not a number of seconds", text);
    }
    const std::array parts{
        std::pair{*seconds / 86400, &language_.days}, std::pair{*seconds / 3600 % 24, &language_.hours},
        std::pair{*seconds / 60 % 60, &language_.minutes}, std::pair{*seconds % 60, &language_.seconds}};
    auto left = std::ranges::count_if(parts, [](const auto& part) { return part.first != 0; });
    if (left == 0) {
      count(0, language_.seconds);
      return {};
    }
    const bool several = left > 1;
    for (const auto& [number, noun] : parts) {
      if (number == 0) {
        continue;
      }
      if (several && left == 1) {
        words_.add(language_.last);
      }
      count(number, *noun);
      --left;
    }
    return {};
  }

  std::string money(std::string_view text) {
    std::string_view code = text;
    std::string_view amount = take_until(code, ',');
    const auto* const currency =
        code.empty() ? language_.currencies.data()
                     : std::to_address(std::ranges::find(language_.currencies, code, &Currency::code));
    if (currency == language_.currencies.data() + language_.currencies.size()) {
      return fmt::format("\"{}\" is no currency that can be said (USD, EUR, GBP)", code);
    }
    const bool negative = sounds::take(amount, '-');
    const auto units = whole(take_until(amount, '.'));
    const std::string hundredths = std::string(amount) + (amount.size() == 1 ? "0" : "");
    const auto parts = hundredths.empty() ? std::optional<std::uint64_t>(0) : whole(hundredths);
    if (!units || !parts || hundredths.size() > 2) {
      return fmt::format("\"{}\" is not an amount such as 12.50 or 12.50,EUR", text);
    }
    if (negative) {
      words_.add(language_.minus);
    }
    if (*units != 0 || *parts == 0) {
      count(*units, currency->whole);
    }
    if (*units != 0 && *parts != 0) {
      words_.add(language_.last);
    }
    if (*parts != 0) {
      count(*parts, currency->part);
    }
    return {};
  }

  std::string spell(std::string_view text, std::string_view folder, std::string_view suffix) {
    for (const char sign : text) {
      const auto byte = static_cast<unsigned char>(sign);
      if (byte < 0x80 && std::isalpha(byte) != 0) {
        words_.add(fmt::format("{}{}{}", folder, static_cast<char>(std::tolower(byte)), suffix));
      } else if (sign >= '0' && sign <= '9') {
        words_.digit(static_cast<std::uint64_t>(sign - '0'));
      } else {
        (void)add_sign(words_, sign);
      }
    }
    return {};
  }

  std::string phrase(std::string_view text) {
    const auto name = take_until(text, ',');
    std::vector<std::string_view> arguments;
    while (!text.empty()) {
      arguments.push_back(take_until(text, ','));
    }
    const auto number = arguments.empty() ? std::nullopt : whole(arguments[0]);
    bool known = false;
    for (const Phrase& row : language_.phrases) {
      known = known || row.name == name;
      if (row.name == name && fits(row.count, number)) {
        return fill(row, arguments);
      }
    }
    return known ? fmt::format("the phrase {} takes a number first", name)
                 : fmt::format("there is no phrase \"{}\"", name);
  }

  static bool fits(Count count, std::optional<std::uint64_t> number) {
    switch (count) {
      case Count::any: return true;
      case Count::none: return number == 0;
      case Count::one: return number == 1;
      case Count::many: return number && *number > 1;
    }
    return false;
  }

  std::string fill(const Phrase& row, const std::vector<std::string_view>& arguments) {
    std::string_view rest = row.text;
    while (!rest.empty()) {
      std::string_view word = take_until(rest, ' ');
      if (!sounds::take(word, '{')) {
        words_.add(word);
        continue;
      }
      word = word.substr(0, word.size() - 1);
      const auto at = static_cast<std::size_t>(word.front() - '1');
      if (at >= arguments.size()) {
        return fmt::format("the phrase {} takes {} argument{}", row.name, at + 1, at == 0 ? "" : "s");
      }
      (void)take_until(word, ':');
      const auto kind = kind_of(take_until(word, ':')).value_or(Kind::number);
      const Gender gender = word == "f" ? Gender::feminine : word == "m" ? Gender::masculine : Gender::none;
      if (auto wrong = kind == Kind::number ? number(arguments[at], gender) : say(kind, arguments[at]);
          !wrong.empty()) {
        return wrong;
      }
    }
    return {};
  }

  const Language& language_;
  Words words_;
};

}  // namespace

std::optional<Kind> kind_of(std::string_view name) {
  const auto* const known =
      std::ranges::find(kinds, name, [](const auto& kind) -> const auto& { return kind.first; });
  return known == kinds.end() ? std::nullopt : std::optional(known->second);
}

Said say(Kind kind, std::string_view value, std::string_view language) {
  Sayer sayer(language_of(language));
  if (auto wrong = sayer.say(kind, value); !wrong.empty()) {
    return base::Error{std::move(wrong)};
  }
  return sayer.take();
}

std::span<const std::string_view> languages() { return codes; }

std::string_view nearest_language(std::string_view wanted) {
  std::string code(wanted.substr(0, wanted.find_first_of("-_.")));
  std::ranges::transform(code, code.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* const known = std::ranges::find(codes, code);
  return known == codes.end() ? codes.front() : *known;
}

std::vector<std::string_view> phrase_names(std::string_view language) {
  std::vector<std::string_view> names;
  for (const Phrase& row : language_of(language).phrases) {
    if (names.empty() || names.back() != row.name) {
      names.push_back(row.name);
    }
  }
  return names;
}

}  // namespace switchroom::sounds
