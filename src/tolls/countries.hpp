// The countries of the world as a telephone sees them: ITU-T E.164 and its list of assigned codes, national
// plans.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace switchroom::tolls {

/// Lists are words with blanks between them. Numbers are digits without a +.
struct Country {
  std::string_view iso;    // ISO 3166-1 alpha-2, lower case
  std::string_view name;   // in English
  std::string_view codes;  // what its numbers begin with: "49"; "1242"; of several countries the longest fits
  std::string_view abroad = "00";   // what is dialled before a number abroad
  std::string_view national = "0";  // what is dialled before a national number; empty: nothing
  std::size_t length = 9;           // the longest number that is dialled without any prefix
  std::string_view premium = {};    // national numbers that cost more than a call: premium and shared cost
  std::string_view short_premium = {};  // the same, dialled without any prefix: directory services
  std::string_view emergency = {};      // beside 112 and 911
};

std::span<const Country> countries();
/// nullptr: there is none by this code.
const Country* country_called(std::string_view iso);
/// Whose number this is (E.164 without +); nullptr: nobody's, or not a country's.
const Country* country_of(std::string_view e164);
/// Is it one of the countries of +1 (the North American Numbering Plan)?
bool is_nanp(const Country& country);

/// Numbers of the whole world: "satellite" (+870, +881 to +883), "premium" (+979); empty: none of these.
std::string_view world_service(std::string_view e164);

/// Whether one of the words in `list` begins `text`; the longest such word, or empty.
std::string_view beginning_of(std::string_view text, std::string_view list);

}  // namespace switchroom::tolls
