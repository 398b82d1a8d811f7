// English: one table.
#include "sounds/language.hpp"

#include <array>

namespace switchroom::sounds {
namespace {

struct Scale {
  std::uint64_t value;
  std::string_view cardinal;
  std::string_view ordinal;
};
constexpr std::array scales{Scale{1'000'000'000, "digits/billion", "digits/h-billion"},
                            Scale{1'000'000, "digits/million", "digits/h-million"},
                            Scale{1'000, "digits/thousand", "digits/h-thousand"},
                            Scale{100, "digits/hundred", "digits/h-hundred"}};

void below_hundred(Words& words, std::uint64_t number) {
  if (number <= 20) {
    words.digit(number);
    return;
  }
  words.digit(number / 10 * 10);
  if (number % 10 != 0) {
    words.digit(number % 10);
  }
}

void cardinal(Words& words, std::uint64_t number, Gender /*gender*/) {
  for (const Scale& scale : scales) {
    if (number >= scale.value) {
      cardinal(words, number / scale.value, Gender::none);
      words.add(scale.cardinal);
      if (number % scale.value != 0) {
        cardinal(words, number % scale.value, Gender::none);
      }
      return;
    }
  }
  below_hundred(words, number);
}

/// Only the last word is an ordinal: two hundred thirty-first.
void ordinal(Words& words, std::uint64_t number) {
  for (const Scale& scale : scales) {
    if (number >= scale.value) {
      const bool last = number % scale.value == 0;
      cardinal(words, number / scale.value, Gender::none);
      words.add(last ? scale.ordinal : scale.cardinal);
      if (!last) {
        ordinal(words, number % scale.value);
      }
      return;
    }
  }
  if (number > 20 && number % 10 != 0) {
    words.digit(number / 10 * 10);
    number %= 10;
  }
  words.add("digits/h-" + std::to_string(number));
}

/// Nineteen oh five, two thousand nine, twenty twenty-six.
void year(Words& words, std::uint64_t number) {
  if (number < 1000 || number > 9999 || number % 1000 < 10) {
    cardinal(words, number, Gender::none);
    return;
  }
  below_hundred(words, number / 100);
  const std::uint64_t rest = number % 100;
  if (rest == 0) {
    words.add("digits/hundred");
    return;
  }
  if (rest < 10) {
    words.add("digits/oh");
  }
  below_hundred(words, rest);
}

void minutes_of(Words& words, unsigned minute) {
  if (minute < 10) {
    words.add("digits/oh");
  }
  below_hundred(words, minute);
}

void time12(Words& words, unsigned hour, unsigned minute) {
  words.digit(hour % 12 == 0 ? 12 : hour % 12);
  if (minute == 0) {
    words.add("digits/oclock");
  } else {
    minutes_of(words, minute);
  }
  words.add(hour < 12 ? "digits/a-m" : "digits/p-m");
}

/// Fourteen thirty, oh nine oh five, fourteen hundred hours.
void time24(Words& words, unsigned hour, unsigned minute) {
  minutes_of(words, hour);
  if (minute == 0) {
    words.add("digits/hundred").add("hours");
  } else {
    minutes_of(words, minute);
  }
}

constexpr std::array currencies{Currency{"USD", {"dollar", "digits/dollars"}, {"cent", "cents"}},
                                Currency{"EUR", {"euro", "euros"}, {"cent", "cents"}},
                                Currency{"GBP", {"pound-sterling", "pounds-sterling"}, {"penny", "pence"}}};

constexpr std::array phrases{
    Phrase{"new_messages", Count::none, "vm-youhave vm-no vm-INBOX vm-messages"},
    Phrase{"new_messages", Count::one, "vm-youhave {1} vm-INBOX vm-message"},
    Phrase{"new_messages", Count::many, "vm-youhave {1} vm-INBOX vm-messages"},
    Phrase{"old_messages", Count::none, "vm-youhave vm-no vm-Old vm-messages"},
    Phrase{"old_messages", Count::one, "vm-youhave {1} vm-Old vm-message"},
    Phrase{"old_messages", Count::many, "vm-youhave {1} vm-Old vm-messages"},
    Phrase{"saved_messages", Count::none, "vm-youhave vm-no vm-saved vm-messages"},
    Phrase{"saved_messages", Count::one, "vm-youhave {1} vm-saved vm-message"},
    Phrase{"saved_messages", Count::many, "vm-youhave {1} vm-saved vm-messages"},
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
    Phrase{"participants", Count::many, "conf-thereare {1} conf-otherinparty"},
    Phrase{"conference_number", Count::any, "conf-enteringno {1:digits}"},
    Phrase{"queue_position", Count::one, "queue-youarenext"},
    Phrase{"queue_position", Count::any, "queue-thereare {1} queue-callswaiting"},
    Phrase{"queue_wait", Count::any, "queue-holdtime {1:duration}"},
    Phrase{"you_entered", Count::any, "you-entered {1:digits}"},
    Phrase{"extension", Count::any, "extension {1:digits}"},
    Phrase{"parked_at", Count::any, "extension {1:digits}"},
    Phrase{"time_now", Count::any, "at-tone-time-exactly {1:time} beep"},
};

}  // namespace

const Language& english() {
  static constexpr Language language{.code = "en",
                                     .cardinal = cardinal,
                                     .ordinal = ordinal,
                                     .year = year,
                                     .day = ordinal,
                                     .time12 = time12,
                                     .time24 = time24,
                                     .twelve_hours = true,
                                     .date = "{weekday} {month} {day} {year}",
                                     .at = "digits/at",
                                     .at_one = "digits/at",
                                     .minus = "digits/minus",
                                     .point = "digits/dot",
                                     .last = "vm-and",
                                     .days = {"day", "days"},
                                     .hours = {"hour", "hours"},
                                     .minutes = {"minute", "minutes"},
                                     .seconds = {"second", "seconds"},
                                     .currencies = currencies,
                                     .phrases = phrases};
  return language;
}

}  // namespace switchroom::sounds
