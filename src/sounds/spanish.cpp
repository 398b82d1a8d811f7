// Spanish: one table. Numbers agree with their noun (veintiún minutos, veintiuna horas, doscientas), parts of
// a date come in the order day, month, year, and millions are counted.
#include "sounds/language.hpp"

#include <array>

namespace switchroom::sounds {
namespace {

constexpr std::uint64_t million = 1'000'000;

/// 1 and 21 are uno before no noun, un and una before one.
void agreeing(Words& words, std::uint64_t number, Gender gender) {
  const std::string_view ending = gender == Gender::masculine ? "M" : gender == Gender::feminine ? "F" : "";
  words.add("digits/" + std::to_string(number) + std::string(ending));
}

void below_hundred(Words& words, std::uint64_t number, Gender gender) {
  if (number == 1 || number == 21) {
    agreeing(words, number, gender);
  } else if (number < 30 || number % 10 == 0) {
    words.digit(number);
  } else {
    words.digit(number / 10 * 10).add("digits/and");
    below_hundred(words, number % 10, gender);
  }
}

void below_thousand(Words& words, std::uint64_t number, Gender gender) {
  if (number == 100) {
    words.add("digits/hundred");  // cien; with more behind it ciento
    return;
  }
  if (number >= 200) {
    words.add("digits/" + std::to_string(number / 100 * 100) + (gender == Gender::feminine ? "F" : ""));
  } else if (number > 100) {
    words.add("digits/100-and");
  }
  if (number < 100 || number % 100 != 0) {
    below_hundred(words, number % 100, gender);
  }
}

void below_million(Words& words, std::uint64_t number, Gender gender) {
  if (number >= 1000) {
    if (number >= 2000) {  // mil alone, not un mil
      below_thousand(words, number / 1000, gender == Gender::feminine ? gender : Gender::masculine);
    }
    words.add("digits/thousand");
  }
  if (number < 1000 || number % 1000 != 0) {
    below_thousand(words, number % 1000, gender);
  }
}

void cardinal(Words& words, std::uint64_t number, Gender gender) {
  if (number >= million) {
    below_million(words, number / million, Gender::masculine);  // mil millones is a billion
    words.add(number / million == 1 ? "digits/million" : "digits/millions");
  }
  if (number < million || number % million != 0) {
    below_million(words, number % million, gender);
  }
}

/// Vigésimo primero; from two hundred on people say the number itself.
void ordinal(Words& words, std::uint64_t number) {
  if (number >= 200) {
    cardinal(words, number, Gender::none);
    return;
  }
  if (number >= 100) {
    words.add("digits/h-hundred");
    number %= 100;
  }
  if (number > 20 && number % 10 != 0) {
    words.add("digits/h-" + std::to_string(number / 10 * 10));
    number %= 10;
  }
  if (number != 0) {
    words.add("digits/h-" + std::to_string(number));
  }
}

void year(Words& words, std::uint64_t number) { cardinal(words, number, Gender::none); }

/// The first of a month is primero.
void day(Words& words, std::uint64_t number) {
  if (number == 1) {
    words.add("digits/h-1");
  } else {
    cardinal(words, number, Gender::none);
  }
}

/// (Las) dos y treinta p.m.
void time12(Words& words, unsigned hour, unsigned minute) {
  cardinal(words, hour % 12 == 0 ? 12 : hour % 12, Gender::feminine);
  if (minute == 0) {
    words.add("digits/oclock");
  } else {
    words.add("digits/and");
    cardinal(words, minute, Gender::none);
  }
  words.add(hour < 12 ? "digits/a-m" : "digits/p-m");
}

/// Catorce horas, treinta minutos.
void time24(Words& words, unsigned hour, unsigned minute) {
  cardinal(words, hour, Gender::feminine);
  words.add(hour == 1 ? "hour" : "hours");
  if (minute != 0) {
    cardinal(words, minute, Gender::masculine);
    words.add(minute == 1 ? "minute" : "minutes");
  }
}

constexpr Noun centavo{"cent", "cents", Gender::masculine};
constexpr std::array currencies{
    Currency{"USD", {"dollar", "digits/dollars", Gender::masculine}, centavo},
    Currency{"EUR", {"euro", "euros", Gender::masculine}, {"euro-cent", "euro-cents", Gender::masculine}},
    Currency{"GBP",
             {"pound-sterling", "pounds-sterling", Gender::feminine},
             {"penny", "pence", Gender::masculine}}};

constexpr std::array phrases{
    Phrase{"new_messages", Count::none, "vm-youhaveno vm-messages vm-INBOX"},
    Phrase{"new_messages", Count::one, "vm-youhave {1:number:m} vm-message vm-INBOXs"},
    Phrase{"new_messages", Count::many, "vm-youhave {1:number:m} vm-messages vm-INBOX"},
    Phrase{"old_messages", Count::none, "vm-youhaveno vm-messages vm-Old"},
    Phrase{"old_messages", Count::one, "vm-youhave {1:number:m} vm-message vm-Olds"},
    Phrase{"old_messages", Count::many, "vm-youhave {1:number:m} vm-messages vm-Old"},
    Phrase{"saved_messages", Count::none, "vm-youhaveno vm-messages vm-saved"},
    Phrase{"saved_messages", Count::one, "vm-youhave {1:number:m} vm-message vm-saved"},
    Phrase{"saved_messages", Count::many, "vm-youhave {1:number:m} vm-messages vm-saved"},
    Phrase{"message_number", Count::any, "vm-message {1}"},
    Phrase{"message_received", Count::any, "vm-received {1:datetime}"},
    Phrase{"message_from", Count::any, "vm-from-phonenumber {1:digits}"},
    Phrase{"message_from_extension", Count::any, "vm-from-extension {1:digits}"},
    Phrase{"message_lasts", Count::any, "vm-duration {1:duration}"},
    Phrase{"extension_unavailable", Count::any, "vm-theperson {1:digits} vm-isunavail"},
    Phrase{"extension_busy", Count::any, "vm-theperson {1:digits} vm-isonphone"},
    Phrase{"menu_choice", Count::any, "vm-press {1:digits}"},
    Phrase{"participants", Count::none, "conf-onlyperson"},
    Phrase{"participants", Count::one, "conf-onlyone"},
    Phrase{"participants", Count::many, "conf-thereare {1:number:m} conf-otherinparty"},
    Phrase{"conference_number", Count::any, "conf-enteringno {1:digits}"},
    Phrase{"queue_position", Count::one, "queue-youarenext"},
    Phrase{"queue_position", Count::any, "queue-thereare {1} queue-callswaiting"},
    Phrase{"queue_wait", Count::any, "queue-holdtime {1:duration}"},
    Phrase{"you_entered", Count::any, "you-entered {1:digits}"},
    Phrase{"extension", Count::any, "vm-extension {1:digits}"},
    Phrase{"parked_at", Count::any, "vm-extension {1:digits}"},
    Phrase{"time_now", Count::any, "{1:time} beep"},
};

}  // namespace

const Language& spanish() {
  static constexpr Language language{.code = "es",
                                     .cardinal = cardinal,
                                     .ordinal = ordinal,
                                     .year = year,
                                     .day = day,
                                     .time12 = time12,
                                     .time24 = time24,
                                     .twelve_hours = true,
                                     .date = "{weekday} {day} digits/es-de {month} digits/es-de {year}",
                                     .at = "digits/at_s",
                                     .at_one = "digits/at_1",
                                     .minus = "digits/minus",
                                     .point = "digits/dot",
                                     .last = "vm-and",
                                     .days = {"day", "days", Gender::masculine},
                                     .hours = {"hour", "hours", Gender::feminine},
                                     .minutes = {"minute", "minutes", Gender::masculine},
                                     .seconds = {"second", "seconds", Gender::masculine},
                                     .currencies = currencies,
                                     .phrases = phrases};
  return language;
}

}  // namespace switchroom::sounds
