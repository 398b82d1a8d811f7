// [tolls], and what extensions, trunks and routes say of the same: who may call what, how much, and when.
#pragma once

#include "config/place.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::config {

/// Of an hour; 0: no cap.
struct TollCaps {
  std::uint32_t calls = 0;
  std::chrono::seconds talk{0};
};

/// For all of the office.
struct Tolls {
  Placed country;                             // whose numbers the trunks take; never empty once loaded
  std::vector<Placed> allow;                  // "de", "abroad", "premium", "satellite", "+4930"
  TollCaps caps{100, std::chrono::hours(5)};  // of each extension that says nothing else
  std::uint32_t warn_at = 80;                 // percent of a cap
  bool end_at_cap = false;                    // running calls are ended, too
  Placed hours;                               // calls to the outside at these [hours] only; empty: always
  bool lock_all = true;                       // at other times none, or none that needs a permission
  std::string mail;                           // who is told; empty: nobody
  std::string webhook;                        // likewise
};

/// Of one extension or trunk.
struct OwnTolls {
  std::vector<Placed> allow;
  std::optional<std::uint32_t> calls_per_hour;
  std::optional<std::chrono::seconds> talk_per_hour;
  Placed hours;                  // extensions: instead of those of [tolls]; "always"
  bool forward_outside = false;  // extensions
  Placed country;                // trunks: empty: that of [tolls]
};

}  // namespace switchroom::config
