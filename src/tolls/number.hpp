// A number as it is sent to a trunk, read as the carrier would read it.
#pragma once

#include "tolls/countries.hpp"

#include <string>
#include <string_view>

namespace switchroom::tolls {

/// Where a number leads, and what is special about it.
struct Destination {
  std::string e164;  // without +; empty: no number of the world (a short code, another exchange's)
  const Country* country = nullptr;  // null: none, or one that nobody knows
  bool abroad = false;               // not `home`, or of no country
  std::string_view special = {};     // "premium", "satellite" or empty

  /// Costs more than a call within the country.
  [[nodiscard]] bool is_costly() const { return abroad || !special.empty(); }
  /// "+4930123 (Germany)", for people; `sent` where it is no number of the world.
  [[nodiscard]] std::string text(std::string_view sent) const;
};

/// Reads `sent` as a carrier in the country `home` does: international and national prefixes, none, or a +.
///
/// A number without any prefix that is too long for the country is read as a number of the world without its
/// +, for many carriers take it so. Spaces, brackets and dashes count for nothing, neither does what follows
/// a `;`. In front of the number there may be a carrier's code (101XXXX, 010XX) or a star code (*67, *31#):
/// of several parts the one that costs most counts. Never fails: what cannot be read is a destination without
/// `e164`.
Destination destination_of(std::string_view sent, const Country& home);

/// 112, 911, and what else helps in that country.
bool is_emergency_number(std::string_view sent, const Country& home);

}  // namespace switchroom::tolls
