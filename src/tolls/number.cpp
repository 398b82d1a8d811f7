#include "tolls/number.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace switchroom::tolls {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "%2B49" as a gateway behind us would read it.
std::string unescaped(std::string_view text) {
  const auto value = [](char c) { return is_digit(c) ? c - '0' : (std::tolower(c) - 'a') + 10; };
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '%' && at + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[at + 1])) != 0 &&
                        std::isxdigit(static_cast<unsigned char>(text[at + 2])) != 0;
    if (escape) {
      plain += static_cast<char>((value(text[at + 1]) << 4) | value(text[at + 2]));
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

/// The digits between stars and hashes, each with its + if it has one; in front of them the country that a
/// phone-context (RFC 3966 5.1.5) names.
std::vector<std::string> pieces_of(std::string_view sent) {
  constexpr std::string_view context = ";phone-context=+";
  const std::string plain = unescaped(sent);
  std::vector<std::string> pieces(1);
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      if (c == '*' || c == '#') {
        pieces.emplace_back();
      } else if (is_digit(c) || (c == '+' && pieces.back().empty())) {
        pieces.back() += c;
      }
    }
  };
  if (const auto at = plain.find(context); at != std::string::npos) {
    const auto rest = std::string_view(plain).substr(at + context.size() - 1);
    add(rest.substr(0, rest.find(';')));
  }
  add(std::string_view(plain).substr(0, plain.find(';')));
  return pieces;
}

/// The codes of +1 that belong to no country: toll-free, premium, personal.
bool is_of_all_nanp(std::string_view e164) {
  return !beginning_of(e164,
                       "1800 1822 1833 1844 1855 1866 1877 1888 1900 1500 1521 1522 1533 1544 1566 1577 1588")
              .empty();
}

/// A valid number of +1 without it (NXX NXX XXXX).
bool is_nanp_number(std::string_view digits) {
  return digits.size() == 10 && digits[0] >= '2' && digits[3] >= '2';
}

bool is_premium(std::string_view e164, const Country& country) {
  if (is_nanp(country)) {
    return e164.starts_with("1900") || (e164.size() >= 7 && e164.substr(4, 3) == "976");
  }
  const auto code = beginning_of(e164, country.codes);
  return !beginning_of(e164.substr(code.size()), country.premium).empty();
}

/// Of a number of the world.
Destination world(std::string_view e164, const Country& home) {
  Destination to;
  to.e164 = e164;
  to.special = world_service(e164);
  to.country = to.special.empty() ? country_of(e164) : nullptr;
  if (to.country != nullptr && is_nanp(*to.country) && is_nanp(home) && is_of_all_nanp(e164)) {
    to.country = &home;
  }
  to.abroad = to.country != &home;
  if (to.country != nullptr && is_premium(e164, *to.country)) {
    to.special = "premium";
  }
  return to;
}

/// The code with which national numbers of the country are called from abroad; some countries share theirs.
std::string own_code(const Country& home) {
  if (is_nanp(home)) {
    return "1";
  }
  const auto shared = beginning_of(home.codes, "44 599 7");
  return std::string(shared.empty() ? home.codes.substr(0, home.codes.find(' ')) : shared);
}

/// What is dialled as it is: a number nearby, a short code, one of another exchange.
Destination nearby(std::string_view digits, const Country& home) {
  Destination to;
  constexpr std::size_t longest_short_code = 6;
  const bool seven = is_nanp(home) && digits.size() == 7 && digits.starts_with("976");
  const bool listed =
      digits.size() <= longest_short_code && !beginning_of(digits, home.short_premium).empty();
  // Where there is a prefix, numbers with a 1 are dialled without it (1900, 13 in Australia).
  const bool whole = digits.size() >= longest_short_code &&
                     (home.national.empty() || digits.starts_with('1')) &&
                     !beginning_of(digits, home.premium).empty();
  if (seven || listed || whole) {
    to.e164 = whole ? own_code(home) + std::string(digits) : "";
    to.country = &home;
    to.special = "premium";
  }
  return to;
}

Destination read(std::string_view piece, const Country& home) {
  if (piece.starts_with('+')) {
    piece.remove_prefix(1);
    return piece.empty() ? Destination() : world(piece, home);
  }
  // A short code may begin like a prefix (000, 0123): too short for a number abroad, it is none.
  constexpr std::size_t shortest_abroad = 5;
  if (const auto prefix = beginning_of(piece, home.abroad);
      !prefix.empty() && piece.size() >= prefix.size() + shortest_abroad) {
    return world(piece.substr(prefix.size()), home);
  }
  if (is_nanp(home)) {
    if (is_nanp_number(piece) || (piece.starts_with('1') && piece.size() >= 11)) {
      return world((piece.size() == 10 ? "1" : "") + std::string(piece), home);
    }
  } else if (!home.national.empty() && piece.starts_with(home.national)) {
    return world(own_code(home) + std::string(piece.substr(home.national.size())), home);
  }
  const std::size_t longest = is_nanp(home) ? 7 : home.length;
  return piece.size() > longest ? world(piece, home) : nearby(piece, home);
}

/// Of two readings the one that costs more, else the one that says more.
void take_worse(Destination& all, Destination other) {
  const auto weight = [](const Destination& to) {
    return (to.abroad ? 4 : 0) + (to.special.empty() ? 0 : 2) + (to.e164.empty() ? 0 : 1);
  };
  if (weight(other) > weight(all)) {
    all = std::move(other);
  }
}

/// Digits in front of the number that choose a carrier.
std::size_t carrier_code(std::string_view piece, const Country& home) {
  if (is_nanp(home) && piece.starts_with("101") && piece.size() > 10) {
    return 7;
  }
  if (home.iso == "de" && piece.starts_with("010") && piece.size() > 9) {
    return piece.starts_with("0100") ? 6 : 5;
  }
  return 0;
}

}  // namespace

std::string Destination::text(std::string_view sent) const {
  std::string text = e164.empty() ? std::string(sent) : "+" + e164;
  if (country != nullptr) {
    text += " (" + std::string(country->name) + ")";
  }
  return text;
}

Destination destination_of(std::string_view sent, const Country& home) {
  const auto pieces = pieces_of(sent);
  Destination all;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = pieces[i];
    // *67 and its kin have two digits, with the number right behind them; elsewhere a # or * ends the code.
    const std::size_t star_code = i != 0 && is_nanp(home) && piece.size() > 2 ? 2 : 0;
    take_worse(all, read(piece.substr(star_code + carrier_code(piece.substr(star_code), home)), home));
  }
  return all;
}

bool is_emergency_number(std::string_view sent, const Country& home) {
  return sent == "112" || sent == "911" || (!sent.empty() && beginning_of(sent, home.emergency) == sent);
}

}  // namespace switchroom::tolls
