// Which passwords are refused. A PBX on the internet is tried within minutes with exactly these.
#include "config/load.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace switchroom::config {
namespace {

constexpr std::size_t shortest = 8;

/// Compared after folding case and with what people hang on to pass a rule ("Password123!") cut off.
constexpr std::array<std::string_view, 49> well_known{
    "password", "passwort", "passw0rd", "p@ssw0rd",   "p@ssword",  "pass",       "secret",
    "letmein",  "welcome",  "changeme", "change_me",  "default",   "admin",      "administrator",
    "root",     "toor",     "user",     "test",       "testing",   "guest",      "master",
    "monkey",   "dragon",   "sunshine", "princess",   "football",  "iloveyou",   "superman",
    "trustno",  "clue",     "cluecon",  "freeswitch", "asterisk",  "switchroom", "freepbx",
    "trixbox",  "elastix",  "voip",     "voicemail",  "telephone", "phone",      "extension",
    "sip",      "pbx",      "fritzbox", "callcenter", "abc",       "temp",       "ext"};

/// Example passwords of documentation, whole.
constexpr std::array<std::string_view, 10> documented{
    "put_a_strong_password_here", "your_secure_esl_password", "your_sip_password",     "your_app_password",
    "your_extension_password",    "your_db_password",         "shared_trunk_password", "str0ng_p@ss!",
    "a-long-random-password",     "correcthorsebatterystaple"};

constexpr std::array<std::string_view, 8> runs{"01234567890123456789",
                                               "abcdefghijklmnopqrstuvwxyz",
                                               "qwertyuiop",
                                               "qwertzuiop",
                                               "azertyuiop",
                                               "asdfghjkl",
                                               "zxcvbnm",
                                               "yxcvbnm"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string reversed(std::string_view text) { return {text.rbegin(), text.rend()}; }

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// "1qaz2wsx" is left to luck; "qwertyui", "12345678", "87654321" and "1234qwer" are not: every
/// character belongs to a piece of at least four that runs along a row or an alphabet.
bool is_runs(const std::string& password) {
  std::size_t at = 0;
  while (at < password.size()) {
    std::size_t best = 0;
    for (const std::string_view row : runs) {
      for (const std::string& direction : {std::string(row), reversed(row)}) {
        std::size_t length = 0;
        while (at + length < password.size() &&
               contains(direction, std::string_view(password).substr(at, length + 1))) {
          ++length;
        }
        best = std::max(best, length);
      }
    }
    if (best < 4 && at + best < password.size()) {
      return false;
    }
    if (best == 0) {
      return false;
    }
    at += best;
  }
  return true;
}

/// "aaaaaaaa", "abababab", "10011001".
bool is_repetition(const std::string& password) {
  for (std::size_t unit = 1; unit <= password.size() / 2; ++unit) {
    bool repeats = true;
    for (std::size_t at = unit; at < password.size() && repeats; ++at) {
      repeats = password[at] == password[at - unit];
    }
    if (repeats) {
      return true;
    }
  }
  return false;
}

/// Without the digits and signs before and after it: "!Password2024!" is "password".
std::string core_of(const std::string& password) {
  const auto letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const auto first = std::find_if(password.begin(), password.end(), letter);
  const auto last = std::find_if(password.rbegin(), password.rend(), letter).base();
  return first < last ? std::string(first, last) : std::string();
}

bool is_well_known(const std::string& password, std::string_view extension) {
  const std::string core = core_of(password);
  if (std::find(well_known.begin(), well_known.end(), core) != well_known.end() ||
      std::find(well_known.begin(), well_known.end(), password) != well_known.end()) {
    return true;
  }
  if (std::find(documented.begin(), documented.end(), password) != documented.end()) {
    return true;
  }
  // The tutorial's "Str0ng_P@ss_1001!", for any extension.
  return password == "str0ng_p@ss_" + lower(extension) + "!" || password == "str0ng_p@ss_1001!";
}

/// Only the extension's number and what is commonly put around it.
bool is_number_dressed_up(const std::string& password, std::string_view extension) {
  const std::size_t at = password.find(extension);
  if (extension.size() < 2 || at == std::string::npos) {
    return false;
  }
  const std::string rest = password.substr(0, at) + password.substr(at + extension.size());
  const std::string core = core_of(rest);
  return core.empty() ? rest.size() < 6
                      : std::find(well_known.begin(), well_known.end(), core) != well_known.end();
}

}  // namespace

std::string password_weakness(std::string_view password, std::string_view extension) {
  const std::string folded = lower(password);
  const std::string number = lower(extension);
  if (password == "…" || password == "...") {
    return "is the placeholder of the example: choose a password";
  }
  if (!number.empty() && (folded == number || folded == reversed(number))) {
    return "is the extension's own number" + std::string(folded == number ? "" : " backwards");
  }
  if (is_well_known(folded, extension)) {
    return "is a well-known password";
  }
  if (password.size() < shortest) {
    return "is shorter than 8 characters";
  }
  if (is_repetition(folded)) {
    return "repeats itself";
  }
  if (is_runs(folded)) {
    return "is a row of the keyboard or of the alphabet";
  }
  if (!number.empty() &&
      (is_number_dressed_up(folded, number) || is_number_dressed_up(folded, reversed(number)))) {
    return "is little more than the extension's number";
  }
  return {};
}

}  // namespace switchroom::config
